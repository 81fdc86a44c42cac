//! The program itself, serving the database of a story with the machine's clock, and what it logs.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::app::TestApp;

/// A server; it ends with the test.
pub struct Served {
    process: Child,
    /// Where it answers.
    pub base_url: String,
    log: PathBuf,
}

impl Served {
    /// Serves the database of a story with these settings besides; its standard error output goes to a file.
    pub fn start(app: &TestApp, settings: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let base_url = format!("http://{free}");
        let log = app.folder().join(format!("stderr-{}.log", free.port()));
        let process = Command::new(env!("CARGO_BIN_EXE_psypre"))
            .arg("serve")
            .env("DATABASE_URL", &app.app.config.database_url)
            .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
            .env("PSYPRE_LISTEN", free.to_string())
            .env("PSYPRE_BASE_URL", &base_url)
            .env("PSYPRE_SECOND_FACTOR", "optional")
            .env("PSYPRE_MAIL_FOLDER", app.folder().join("mails-served"))
            .env("PSYPRE_POOL", "4")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let served = Self { process, base_url, log };
        let began = Instant::now();
        while std::net::TcpStream::connect(free).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "it does not answer: {}", served.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        served
    }

    /// All that it wrote on its standard error output.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The lines that hold each of these words; fails when there is none.
    #[track_caller]
    pub fn told(&self, words: &[&str]) -> Vec<String> {
        let log = self.log();
        let lines: Vec<String> =
            log.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect();
        assert!(!lines.is_empty(), "no line holds {words:?}:\n{log}");
        lines
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
