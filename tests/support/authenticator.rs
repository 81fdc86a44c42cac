//! A small authenticator in software (WebAuthn level 3): it makes passkeys and answers challenges as a browser hands them
//! over. Each of its honest habits may be taken away, to see that the answer is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// User present, user verified, attested credential data included.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// One passkey, and how its authenticator and browser behave.
pub struct Authenticator {
    /// The page that asks, as the browser says it.
    pub origin: String,
    /// For whom the authenticator signs.
    pub rp_id: String,
    /// Whether it asks its owner for a finger, a face or a PIN.
    pub verifies: bool,
    /// How often it has signed; `None` when it does not count.
    pub count: Option<u32>,
    /// By which it knows its passkey.
    pub credential_id: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl Authenticator {
    /// One that does all as it must, for the pages of an address.
    pub fn new(origin: &str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
        let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).unwrap();
        let credential_id = Sha256::digest(pair.public_key().as_ref()).to_vec();
        let rp_id = url::Url::parse(origin).unwrap().domain().unwrap().to_owned();
        Self { origin: origin.to_owned(), rp_id, verifies: true, count: Some(0), credential_id, pair }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["publicKey"]["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&mut self, more: u8) -> Vec<u8> {
        let flags = PRESENT | more | if self.verifies { VERIFIED } else { 0 };
        self.count = self.count.map(|count| count + 1);
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.count.unwrap_or_default().to_be_bytes());
        data
    }

    /// Its public half as COSE writes it: EC2, ES256, P-256.
    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend_from_slice(&point[1..33]);
        key.extend_from_slice(&[0x22, 0x58, 0x20]);
        key.extend_from_slice(&point[33..]);
        key
    }

    /// Makes its passkey: what the browser hands over.
    pub fn create(&mut self, options: &Value) -> Value {
        let mut data = self.data(ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.credential_id);
        data.extend_from_slice(&self.cose());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend_from_slice(&data);
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", options)),
            }
        })
    }

    /// Answers a challenge with its passkey: what the browser hands over.
    pub fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let signed = [data.clone(), Sha256::digest(&client_data).to_vec()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
                "userHandle": null,
            }
        })
    }
}
