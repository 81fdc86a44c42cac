//! What a browser keeps of a sign-in, and from where it asks.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::open::Opened;
use crate::accounts::{Visitor, browsers};
use crate::app::App;
use crate::error::AppError;
use crate::web::{self, FormState};

/// How long a browser is known again, in days.
const DEVICE_DAYS: i64 = 365;

/// How a form asks for what proves a person again.
pub const CODE_LABEL: &str = "Code de votre téléphone, ou code de secours";

/// What a form gives to prove the second thing: the answer of a passkey, else the code of the telephone, else a recovery
/// code.
pub fn proof_of(form: &FormState) -> String {
    let given = ["passkey", "code", "recovery_code"].map(|name| form.value(name));
    given.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_owned()
}

/// From where a request comes.
pub fn visitor_of(app: &App, request: &HttpRequest) -> Visitor {
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Visitor {
        address: web::address::of(request, app.config.trusted_proxies),
        browser: browsers::browser_of(user_agent),
        device: request.cookie(app.device_cookie_name()).map(|cookie| cookie.value().to_owned()),
    }
}

/// Gives the browser what it keeps of what its proofs opened.
///
/// # Errors
/// When a cookie cannot be written.
pub fn give_cookies(app: &App, opened: Opened, response: &mut HttpResponse) -> Result<(), AppError> {
    let mut add = |cookie: &Cookie<'_>| response.add_cookie(cookie).map_err(|e| AppError::Internal(e.to_string()));
    match opened {
        Opened::In(new) => {
            add(&cookie(app, app.cookie_name(), new.token))?;
            let mut device = cookie(app, app.device_cookie_name(), new.device);
            device.set_max_age(actix_web::cookie::time::Duration::days(DEVICE_DAYS));
            add(&device)
        }
        Opened::Halfway(token) => add(&cookie(app, app.cookie_name(), token)),
    }
}

/// A cookie of a sign-in: bound to this host over TLS, and kept from scripts.
pub(super) fn cookie(app: &App, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .secure(app.config.is_secure())
        .same_site(SameSite::Lax)
        .finish()
}
