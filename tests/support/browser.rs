//! A small browser: keeps the cookies, carries the token of forms, follows nothing by itself.

use std::collections::BTreeMap;
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Where it sends to.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// The text of the page as it is read: without tags, spaces made plain.
    pub fn words(&self) -> String {
        let html = self.text();
        let mut words = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    words.push(' ');
                }
                c if !inside => words.push(if c.is_whitespace() { ' ' } else { c }),
                _ => {}
            }
        }
        let words = words.replace("&#39;", "'").replace("&#34;", "\"").replace("&quot;", "\"").replace("&amp;", "&");
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Asserts that the answer carries what every answer must, whatever was asked and however it went: each story that
    /// reads an answer holds it to this.
    #[track_caller]
    pub fn assert_protected(&self) {
        let header = |name: &str| self.header(name).unwrap_or_default();
        let kind = header("content-type");
        let policy = header("content-security-policy");
        // our own pages show our documents in a frame; nobody else may, and nothing else may be framed
        let framed = if kind.starts_with("application/pdf") { "'self'" } else { "'none'" };
        for part in ["default-src 'none'", "base-uri 'none'", &format!("frame-ancestors {framed}")] {
            assert!(policy.split("; ").any(|found| found == part), "no {part} in {policy:?} of {kind}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", if framed == "'self'" { "SAMEORIGIN" } else { "DENY" }),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(name), value, "{name} of a {} {kind}", self.status);
        }
        assert!(self.body.is_empty() || !kind.is_empty(), "a body of no kind: {}", self.text());
        assert!(!kind.starts_with("text/") || kind.contains("charset=utf-8"), "words of no charset: {kind}");
        assert_eq!(self.header("access-control-allow-origin"), None, "no other site reads our answers");
        assert!(header("permissions-policy").contains("camera=()"), "{}", header("permissions-policy"));
        // files of the frontend say nothing of anybody, and a feed says that only its reader keeps it
        let kept =
            ["text/css", "text/javascript", "font/", "image/", "text/calendar"].iter().any(|k| kind.starts_with(k));
        assert!(kept || self.status == 304 || header("cache-control") == "no-store", "{}", header("cache-control"));
        assert_eq!(self.header("server").or(self.header("x-powered-by")), None);
    }

    /// Asserts the status, showing the page otherwise.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "location {:?}, page: {}", self.location(), self.words());
        self
    }
}

/// A browser, or a program with a bearer token.
#[derive(Debug, Clone)]
pub struct Browser {
    base_url: String,
    agent: ureq::Agent,
    cookies: BTreeMap<String, String>,
    csrf: String,
    bearer: Option<String>,
}

impl Browser {
    /// Where nobody is signed in.
    pub fn new(base_url: &str) -> Self {
        // idle connections are given up well before the server closes them (5 s): one reused at that instant is lost
        let config = ureq::Agent::config_builder()
            .max_idle_age(Duration::from_secs(1))
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false);
        Self {
            base_url: base_url.to_owned(),
            agent: config.build().new_agent(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
            bearer: None,
        }
    }

    /// A program with this bearer token.
    pub fn with_bearer(base_url: &str, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..Self::new(base_url) }
    }

    /// The same browser, where another server of the application answers.
    pub fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), ..self.clone() }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Keeps a cookie, as if a page had set it.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Asks for a page; learns the token of its forms.
    pub fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// Asks for a page with headers of one's own.
    pub fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.base_url));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = read(request.call().unwrap());
        self.keep_cookies(&answer);
        self.learn_token(&answer);
        answer
    }

    /// The token of this sign-in, as scripts of our own pages send it.
    pub fn token(&mut self) -> String {
        self.get("/une-page-qui-n-existe-pas");
        self.csrf.clone()
    }

    /// Posts a form, with the token of this sign-in.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        if self.csrf.is_empty() && !self.cookies.is_empty() {
            self.get("/une-page-qui-n-existe-pas");
        }
        let mut fields: Vec<(&str, &str)> = fields.to_vec();
        let csrf = self.csrf.clone();
        if !fields.iter().any(|(name, _)| *name == "csrf") {
            fields.push(("csrf", &csrf));
        }
        self.send(path, "application/x-www-form-urlencoded", &serde_urlencoded::to_string(&fields).unwrap(), &[])
    }

    /// Posts JSON; a browser adds the token of its sign-in, as a script of our own pages would.
    pub fn post_json(&mut self, path: &str, body: &serde_json::Value) -> Answer {
        if self.csrf.is_empty() && !self.cookies.is_empty() {
            self.get("/une-page-qui-n-existe-pas");
        }
        let csrf = self.csrf.clone();
        let token = (!self.cookies.is_empty()).then_some(("x-csrf-token", csrf.as_str()));
        self.send(path, "application/json", &body.to_string(), token.as_slice())
    }

    /// Posts a body with headers of one's own.
    pub fn send(&mut self, path: &str, kind: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.base_url)).header("content-type", kind);
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = read(request.send(body).unwrap());
        self.keep_cookies(&answer);
        answer
    }

    /// Asks by any method, without a body.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base_url));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(self.agent.run(request.body(()).unwrap()).unwrap())
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(token) = &self.bearer {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie", cookies.join("; ")));
        }
        headers
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let Some((name, rest)) = value.split_once('=') else { continue };
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() || rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                // another sign-in: the token of the forms before is no longer that of the pages to come
                if name == "psypre" {
                    self.csrf.clear();
                }
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn learn_token(&mut self, answer: &Answer) {
        let html = answer.text();
        if let Some((_, rest)) = html.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        }
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(100 * 1024 * 1024).read_to_vec().unwrap();
    let answer = Answer { status, headers, body };
    answer.assert_protected();
    answer
}
