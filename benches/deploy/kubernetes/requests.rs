//! What a create, a no-op and an update ask of the API server, from near and from afar.

use std::time::Duration;

use integration_tests::trial::{Outcome, fail};

use super::stage::{Cost, OBJECTS, Stage};
use crate::table::Table;

/// Far longer than anything computed between two requests.
const FAR: Duration = Duration::from_millis(80);

/// The most that a create may ask, with lock, history and wait.
const CREATE: usize = 3 * OBJECTS.len() + 12;

/// The most that may be asked where nothing is to change.
const NOTHING: usize = OBJECTS.len() + 4;

/// The most bytes that a create may move.
const BYTES: usize = 100_000;

/// Requests, bytes and seconds.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    for (where_, delay) in [("near", Duration::ZERO), ("80 ms away", FAR)] {
        let stage = Stage::new()?;
        stage.gate.delay(delay);
        let create = stage.cost("v1")?;
        let nothing = stage.cost("v1")?;
        let written = stage.gate.passed();
        if let Some(write) = written.iter().find(|passed| passed.is_write()) {
            return Err(fail(format_args!(
                "nothing was to change, and there was {}",
                write.what()
            )));
        }
        let update = stage.cost("v2")?;
        rows(table, where_, &create, &nothing, &update);
    }
    Ok(())
}

fn rows(table: &mut Table, where_: &str, create: &Cost, nothing: &Cost, update: &Cost) {
    let most = format!("≤ {CREATE} · ≤ {} KB", BYTES / 1000);
    table.aimed(
        &format!("create, {where_}: requests · bytes · seconds"),
        create.words(),
        (&most, create.requests <= CREATE && create.bytes <= BYTES),
        "kubectl 21 · 2650 KB; kapp 53 · 77 KB",
    );
    table.aimed(
        &format!("nothing to change, {where_}"),
        nothing.words(),
        (&format!("≤ {NOTHING}"), nothing.requests <= NOTHING),
        "kubectl 14; kapp 14 · 37 KB",
    );
    table.beside(
        &format!("another image, {where_}"),
        update.words(),
        "kubectl 14 · 2650 KB; helm 3 50; helm 4 43; kapp 39 · 84 KB",
    );
    if let Some((trip, at)) = create.first_write {
        table.aimed(
            &format!("create, {where_}: first object sent in trip · after s"),
            format!("{trip} · {:.2}", at.as_secs_f64()),
            ("≤ 3", trip <= 3),
            if where_ == "near" {
                ""
            } else {
                "kubectl 0.86 to 1.15; kapp 1.73; helm 4 2.38; helm 3 2.67"
            },
        );
    }
}
