//! The verbs over files alone: `validate` and `render`. No network.

use serde_json::{Map, Value, json};

use super::options::Output;
use super::site::{self, Site};
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::ExitCode;
use crate::platform::ecs::render::{Setting, render as rendered};

/// `deployer validate`: all problems at once.
pub(super) fn validate(cli: &Cli, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let sites = match site::load(&cli.options, terminal, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    for site in &sites {
        let names: Vec<&str> = site
            .spec
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        if cli.options.output == Output::Json {
            let notes: Vec<Value> = site.notes.iter().map(|note| json!(note)).collect();
            screen.document(
                &json!({ "target": site.spec.target.name, "services": names, "notes": notes }),
            );
            continue;
        }
        for note in &site.notes {
            screen.complaint(&format!("note: {}\n", note.message));
        }
        screen.answer(&format!(
            "{} at {}: valid\n",
            names.join(", "),
            site.spec.target.name
        ));
    }
    ExitCode::Fine
}

/// `deployer render`: the exact requests.
pub(super) fn render(cli: &Cli, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let sites = match site::load(&cli.options, terminal, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    let mut documents: Vec<(String, Value)> = sites
        .iter()
        .filter_map(|site| Some((site.spec.target.name.to_string(), of(site)?)))
        .collect();
    let document = match documents.len() {
        1 => documents.remove(0).1,
        _ => Value::Object(documents.into_iter().collect()),
    };
    screen.document(&document);
    ExitCode::Fine
}

/// One service as it is; several by their names.
fn of(site: &Site) -> Option<Value> {
    let origin = site::origin(None);
    let setting = Setting {
        project: &site.spec.project,
        place: site.spec.target.place.ecs()?,
        origin: &origin,
    };
    let mut services = site.spec.services.iter().map(|service| {
        (
            service.name.to_string(),
            json!(rendered(service, &setting).masked()),
        )
    });
    if site.spec.services.len() == 1 {
        return services.next().map(|(_, desired)| desired);
    }
    Some(Value::Object(services.collect::<Map<_, _>>()))
}
