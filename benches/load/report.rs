//! The tables that are printed.

use std::io::Write;
use std::time::Instant;

/// Lines under headings, printed at the end: progress goes to the error stream meanwhile.
pub struct Report {
    lines: Vec<String>,
}

impl Report {
    pub fn new() -> Self {
        Self { lines: Vec::new() }
    }

    /// What it is measured on.
    pub fn machine(&mut self) {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let cpuinfo = read("/proc/cpuinfo");
        let model =
            cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
        let meminfo = read("/proc/meminfo");
        let memory: u64 = meminfo
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok())
            .unwrap_or_default();
        let line = format!(
            "{cpus} CPU ({}), {} GiB, disk: {:.1} ms to write 4 KiB for good (median of 100, in {})",
            model.unwrap_or("unknown"),
            memory / 1024 / 1024,
            disk_milliseconds(),
            std::env::temp_dir().display()
        );
        eprintln!("{line}");
        self.lines.push(line);
    }

    /// A heading and the names of columns.
    pub fn heading(&mut self, title: &str, columns: &str) {
        if !self.lines.iter().any(|line| line == title) {
            self.lines.extend([String::new(), title.to_owned(), columns.to_owned()]);
        }
    }

    /// A line under a heading; lines of other databases are there already.
    pub fn line(&mut self, title: &str, line: String) {
        eprintln!("  {line}");
        let start = self.lines.iter().position(|known| known == title).map_or(self.lines.len(), |at| at + 1);
        let end = self.lines[start..].iter().position(String::is_empty).map_or(self.lines.len(), |at| start + at);
        self.lines.insert(end, line);
    }

    pub fn print(&self) {
        let mut out = std::io::stdout().lock();
        for line in &self.lines {
            writeln!(out, "{line}").unwrap();
        }
    }
}

/// What an acknowledged commit cannot be faster than.
fn disk_milliseconds() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("probe")).unwrap();
    let mut took: Vec<f64> = (0..100)
        .map(|_| {
            let started = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    took.sort_unstable_by(f64::total_cmp);
    took[took.len() / 2]
}
