//! Signed tokens (JWS, RFC 7515): verified by the algorithm that was registered, never by the one that a token claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};

use crate::config::SigningAlgorithm;
use crate::proconnect::Tampered;

/// A public key of the provider (JWK, RFC 7517), as far as we read it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Jwk {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(serde::Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// What a token says, once its signature is verified.
///
/// # Errors
/// When it is malformed, signed otherwise than by `algorithm`, by an unknown key, or not by whom it claims.
pub fn verify(token: &str, algorithm: SigningAlgorithm, secret: &str, keys: &[Jwk]) -> Result<Vec<u8>, Tampered> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Tampered::Malformed);
    };
    let signed = &token[..header.len() + 1 + payload.len()];
    let (head, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
    let head: Header = serde_json::from_slice(&head).map_err(|_| Tampered::Malformed)?;
    if head.alg != algorithm.as_str() || head.crit.is_some() {
        return Err(Tampered::Algorithm);
    }
    let key = || keys.iter().find(|key| key.signs(algorithm) && key.kid == head.kid && head.kid.is_some());
    let verified = match algorithm {
        SigningAlgorithm::Hs256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
        }
        SigningAlgorithm::Rs256 => key().ok_or(Tampered::Key)?.verifies_rsa(signed, &signature)?,
        SigningAlgorithm::Es256 => key().ok_or(Tampered::Key)?.verifies_curve(signed, &signature)?,
    };
    if verified { Ok(payload) } else { Err(Tampered::Signature) }
}

fn decode(part: &str) -> Result<Vec<u8>, Tampered> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Tampered::Malformed)
}

impl Jwk {
    /// Whether the provider signs with it by this algorithm.
    fn signs(&self, algorithm: SigningAlgorithm) -> bool {
        let kind = match algorithm {
            SigningAlgorithm::Rs256 => self.kty == "RSA",
            SigningAlgorithm::Es256 => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
            SigningAlgorithm::Hs256 => false,
        };
        kind && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
    }

    fn verifies_rsa(&self, signed: &str, signature: &[u8]) -> Result<bool, Tampered> {
        let (n, e) = (number(self.n.as_deref())?, number(self.e.as_deref())?);
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        Ok(key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), signature).is_ok())
    }

    fn verifies_curve(&self, signed: &str, signature: &[u8]) -> Result<bool, Tampered> {
        // a point, uncompressed
        let point = [vec![4], number(self.x.as_deref())?, number(self.y.as_deref())?].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        Ok(key.verify(signed.as_bytes(), signature).is_ok())
    }
}

fn number(text: Option<&str>) -> Result<Vec<u8>, Tampered> {
    text.ok_or(Tampered::Key).and_then(|text| URL_SAFE_NO_PAD.decode(text).map_err(|_| Tampered::Key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of thirty-two characters";

    fn signed(header: &str, payload: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// RFC 7515, appendix A.2 and A.3: what others signed.
    #[test]
    fn verifies_what_the_standard_signs() {
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key: Jwk = serde_json::from_value(serde_json::json!({
            "kty": "EC", "crv": "P-256", "kid": null,
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }))
        .unwrap();
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let signed = format!("eyJhbGciOiJFUzI1NiJ9.{payload}");
        assert_eq!(key.verifies_curve(&signed, &decode(signature).unwrap()), Ok(true));
        assert_eq!(key.verifies_curve(&format!("{signed}x"), &decode(signature).unwrap()), Ok(false));
        // without a kid the provider does not say which key it used: it is not guessed
        let token = format!("{signed}.{signature}");
        assert_eq!(verify(&token, SigningAlgorithm::Es256, SECRET, &[key]), Err(Tampered::Key));
    }

    #[test]
    fn the_algorithm_is_ours_to_say() {
        let good = signed(r#"{"alg":"HS256"}"#, "{}");
        assert_eq!(verify(&good, SigningAlgorithm::Hs256, SECRET, &[]), Ok(b"{}".to_vec()));
        assert_eq!(verify(&good, SigningAlgorithm::Hs256, "another", &[]), Err(Tampered::Signature));
        for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
            assert_eq!(verify(&good, algorithm, SECRET, &[]), Err(Tampered::Algorithm));
        }
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"hs256"}"#, r#"{"alg":"HS256","crit":["b64"],"b64":false}"#] {
            let token = signed(header, "{}");
            assert_eq!(verify(&token, SigningAlgorithm::Hs256, SECRET, &[]), Err(Tampered::Algorithm), "{header}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let good = signed(r#"{"alg":"HS256"}"#, "{}");
        for token in ["", ".", "..", "a.b", &format!("{good}."), &format!("{good}="), "e30.e30.*", "bnVsbA.e30.e30"] {
            assert_eq!(verify(token, SigningAlgorithm::Hs256, SECRET, &[]), Err(Tampered::Malformed), "{token}");
        }
        let bare = good.rsplit_once('.').unwrap().0;
        assert_eq!(verify(&format!("{bare}."), SigningAlgorithm::Hs256, SECRET, &[]), Err(Tampered::Signature));
    }
}
