//! Makes cargo embed a new migration or page as soon as it exists.
fn main() {
    for watched in ["migrations", "frontend"] {
        println!("cargo:rerun-if-changed={watched}");
    }
}
