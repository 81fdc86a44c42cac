//! A ProConnect that misbehaves on demand (`tests/proconnect/provider.mjs`), started for one story.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use psypre::config::{ProConnect, SigningAlgorithm};
use serde_json::{Value, json};

/// The running provider; it ends with its story.
#[derive(Debug)]
pub struct Provider {
    process: Child,
    url: String,
    agent: ureq::Agent,
}

impl Provider {
    /// Starts one that signs by this algorithm.
    pub fn start(algorithm: SigningAlgorithm) -> Self {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proconnect/provider.mjs"))
            .arg(json!({ "algorithm": algorithm.as_str() }).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("node, which the browser tests need too, does not start: {e}"));
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port: u16 = port.trim().parse().unwrap_or_else(|_| panic!("the provider printed no port but {port:?}"));
        let config = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false);
        Self { process, url: format!("http://127.0.0.1:{port}"), agent: config.build().new_agent() }
    }

    /// How a service registers with it.
    pub fn registered(&self, algorithm: SigningAlgorithm) -> ProConnect {
        ProConnect {
            issuer: format!("{}/api/v2", self.url),
            client_id: "psypre".to_owned(),
            client_secret: "un secret que personne ne devine".to_owned(),
            algorithm,
            levels: vec!["eidas2".to_owned(), "eidas3".to_owned()],
            pkce: false,
        }
    }

    /// Changes its settings.
    pub fn set(&self, settings: Value) {
        let answer = self.agent.post(format!("{}/_control", self.url)).send(settings.to_string()).unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// What was asked of it.
    pub fn asked(&self) -> Value {
        let mut answer = self.agent.get(format!("{}/_control", self.url)).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Follows an address of its own as a browser does: gives the status, and where it sends.
    pub fn visit(&self, address: &str) -> (u16, String) {
        assert!(address.starts_with(&self.url), "{address} is not at the provider");
        let answer = self.agent.get(address).call().unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}
