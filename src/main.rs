//! The `deployer` command.
fn main() {}
