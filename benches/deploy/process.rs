//! The process itself: how long it takes to start, how large it is, what it holds in memory.

use std::time::Duration;

use integration_tests::program;
use integration_tests::project::Project;
use integration_tests::trial::{Outcome, fail};

use crate::rollouts::megabytes;
use crate::stage::timed;
use crate::table::{Table, median};

/// How often the start is timed.
const STARTS: usize = 101;

/// Start-up, size, and the memory of a deploy to the embedded cloud, cloud included.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    let project = Project::example()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = project.command()?;
        command.arg("--version");
        times.push(timed(command)?);
    }
    let usual = median(&times);
    table.aimed(
        "`deployer --version`, start to end, ms",
        format!("{:.1}", usual.as_secs_f64() * 1e3),
        ("≤ 10", usual <= Duration::from_millis(10)),
        "",
    );
    let size = std::fs::metadata(program::binary()?)?.len();
    table.row(
        "size of the binary, MB",
        format!("{:.1}", megabytes(size / 1024)),
    );
    let finished = project.run("apply --yes --target sandbox --output json")?;
    if finished.exit != 0 {
        return Err(fail(finished));
    }
    table.row(
        "peak memory with the embedded cloud inside, MB",
        finished
            .peak_memory
            .map_or("unknown".to_owned(), |kib| format!("{:.1}", megabytes(kib))),
    );
    Ok(())
}
