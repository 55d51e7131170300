//! A thousand services on the embedded cloud: what a request costs must not grow with the world.

use std::fmt::Write as _;
use std::time::Duration;

use integration_tests::project::Project;
use integration_tests::trial::{Outcome, fail};

use crate::stage::timed;
use crate::table::Table;

/// Services of the file.
const MANY: usize = 1_000;

/// A plan without a change, and what the sandbox's files are then.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    let mut file = "project = \"shop\"\n".to_owned();
    for number in 0..MANY {
        write!(
            file,
            "\n[service.s{number}]\nimage = \"shop/api:v1\"\nreplicas = 1\ncpu = 0.25\nmemory = \"512MiB\"\n"
        )
        .map_err(fail)?;
    }
    let project = Project::new(&file)?;
    let made = project.run("apply --target sandbox --speed 5")?;
    if made.exit != 0 {
        return Err(fail(made));
    }
    let mut command = project.command()?;
    command.args(["plan", "--target", "sandbox"]);
    let took = timed(command)?;
    table.aimed(
        "a plan of 1,000 services without a change, s",
        format!("{:.1}", took.as_secs_f64()),
        ("< 3", took < Duration::from_secs(3)),
        "",
    );
    let state = project.path().join(".deployer/sandbox.json");
    let size = std::fs::metadata(state)?.len();
    table.row(
        "the state file with them, MB",
        format!("{:.1}", crate::rollouts::megabytes(size / 1024)),
    );
    Ok(())
}
