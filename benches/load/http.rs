//! The same through HTTP: programs with a bearer token that post to the API.

use std::net::TcpListener;

use psypre::accounts::scopes::Scope;
use psypre::accounts::tokens;
use psypre::journal::Actor;
use psypre::server;

use crate::clients::Work;
use crate::recording::Diary;

/// The application as it is served, for as long as the measure lasts.
pub struct Served<'p> {
    diary: &'p Diary<'p>,
    base_url: String,
    /// One for each psychologist.
    tokens: Vec<String>,
}

impl<'p> Served<'p> {
    /// Starts to serve.
    pub fn start(diary: &'p Diary<'p>, clients: usize) -> Self {
        let app = diary.place.app.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let own = |client: usize| diary.ranks(client, clients)[0];
        let tokens = (0..clients)
            .map(|client| {
                let account = diary.place.seeded.psychologists[own(client)].account;
                let new = app
                    .db
                    .write(|tx| tokens::create(tx, &app.clock, Actor::System, account, "mesure", 30, &Scope::whole()));
                new.unwrap().token
            })
            .collect();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async { server::serve(app, listener, 2).unwrap().await.unwrap() });
        });
        Self { diary, base_url, tokens }
    }

    /// Records for one psychologist.
    pub fn client(&self, client: usize, clients: usize) -> Work<'_> {
        let rank = self.diary.ranks(client, clients)[0];
        let agent = ureq::Agent::new_with_defaults();
        let address = format!("{}/api/v1/sessions", self.base_url);
        let bearer = format!("Bearer {}", self.tokens[client]);
        Box::new(move || {
            let (_, recording) = self.diary.next(rank);
            let body = serde_json::json!({
                "child_id": recording.child,
                "attendance": recording.attendance,
                "session_on": recording.slot.on,
                "starts_at": recording.slot.start_time(),
                "duration_minutes": recording.slot.duration,
            });
            let request = agent
                .post(&address)
                .header("authorization", &bearer)
                .header("content-type", "application/json")
                .header("idempotency-key", uuid::Uuid::new_v4().to_string());
            let mut answer = request.send(body.to_string()).unwrap();
            answer.body_mut().read_to_vec().unwrap();
        })
    }
}
