//! The `deployer` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    deployer::main(std::env::args_os())
}
