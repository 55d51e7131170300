//! The verbs over files alone: `validate` and `render`. No network.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::options::Output;
use super::site::{self, Site};
use super::{Cli, Screen};
use crate::advise::{Lost, lost};
use crate::error::ExitCode;
use crate::event::EventKind;
use crate::plan::Note;
use crate::platform::ecs::settings::render::{Setting, render as rendered};
use crate::platform::kubernetes;
use crate::platform::owner::Tenant;
use crate::spec::{EcsPlace, EcsService, KubePlace, KubeService, Workload};

/// `deployer validate`: all problems at once.
pub(super) fn validate(cli: &Cli, screen: &mut Screen) -> ExitCode {
    let sites = match site::load(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    for site in &sites {
        let names: Vec<&str> = site
            .spec
            .services()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let target = &site.spec.target.name;
        let notes = site.notes.iter();
        let notes = notes.map(|note| Note::info(note.code, note.message.clone()));
        let lost = lost(&site.spec, &site.said);
        let elsewhere = lost.iter().map(|lost| {
            let text = format!(
                "{}: {} is not heard here; {}",
                lost.service, lost.key, lost.instead
            );
            Note::info("not-heard", text)
        });
        let valid = EventKind::Valid {
            services: names.iter().map(ToString::to_string).collect(),
            notes: notes.chain(elsewhere).collect(),
        };
        screen.tell(Some(target.clone()), valid, |screen, _| {
            for note in &site.notes {
                screen.complaint(&format!("note: {}\n", note.message));
            }
            screen.complaint(&unheard(&lost));
            screen.answer(&format!("{} at {target}: valid\n", names.join(", ")));
        });
    }
    ExitCode::Fine
}

/// What is written for the other platform alone, and what says the same here: a table.
fn unheard(lost: &[Lost]) -> String {
    let mut text = String::new();
    let mut service = "";
    let width = lost.iter().map(|lost| lost.key.len()).max().unwrap_or(0);
    for lost in lost {
        if lost.service != service {
            service = &lost.service;
            let _ = writeln!(
                text,
                "note: {service} is written for another platform; not heard here:"
            );
        }
        let _ = writeln!(text, "    {:<width$}  here: {}", lost.key, lost.instead);
    }
    text
}

/// `deployer render`: the exact requests. Manifests are YAML, unless JSON is asked for or one of the
/// targets is no Kubernetes.
pub(super) fn render(cli: &Cli, screen: &mut Screen) -> ExitCode {
    let sites = match site::load(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    let mut documents: Vec<(String, Value)> = sites
        .iter()
        .map(|site| (site.spec.target.name.to_string(), of(site)))
        .collect();
    let manifests = |site: &Site| site.spec.kubernetes().is_some();
    if cli.options.output == Output::Human && sites.iter().all(manifests) {
        let veiled = documents.iter().map(|(_, list)| screen.veiled(list));
        let written: Result<String, _> = veiled.map(|list| yaml(&list)).collect();
        return match written {
            Ok(text) => {
                screen.answer(&text);
                ExitCode::Fine
            }
            Err(error) => {
                screen.error("yaml", &error);
                ExitCode::Failed
            }
        };
    }
    let document = match documents.len() {
        1 => documents.remove(0).1,
        _ => Value::Object(documents.into_iter().collect()),
    };
    screen.document(&document);
    ExitCode::Fine
}

/// What a target would get: a list of manifests, or one service's requests as they are and several
/// services' by their names.
fn of(site: &Site) -> Value {
    let tenant = &Tenant::of(&site.spec);
    match &site.spec.workload {
        Workload::Kubernetes { place, services } => {
            Value::Array(manifests(services, tenant, place))
        }
        Workload::Ecs {
            place, services, ..
        } => requests(services, tenant, place),
    }
}

fn manifests(services: &[KubeService], tenant: &Tenant, place: &KubePlace) -> Vec<Value> {
    let setting = kubernetes::kinds::render::Setting { tenant, place };
    let namespace = kubernetes::kinds::namespace::namespace(place);
    let mut documents: Vec<Value> = namespace.into_iter().map(|one| one.manifest).collect();
    for service in services {
        let desired = kubernetes::kinds::render::render(service, &setting);
        documents.extend(desired.documents(&place.namespace));
    }
    documents
}

/// A list of documents as one stream of YAML.
fn yaml(list: &Value) -> Result<String, serde_saphyr::SerializeError> {
    let mut text = String::new();
    for document in list.as_array().into_iter().flatten() {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(document)?);
    }
    Ok(text)
}

fn requests(services: &[EcsService], tenant: &Tenant, place: &EcsPlace) -> Value {
    let origin = site::origin(None, None);
    let setting = Setting {
        tenant,
        place,
        origin: &origin,
    };
    let mut each = services.iter().map(|service| {
        (
            service.name.to_string(),
            rendered(service, &setting).requests(),
        )
    });
    if services.len() == 1 {
        return each.next().map(|(_, desired)| desired).unwrap_or_default();
    }
    Value::Object(each.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Readers of YAML 1.1, such as kubectl, take a bare `on` or `0x10` for something else.
    #[test]
    fn what_is_text_is_text_again_for_any_reader_of_yaml() {
        let words = [
            "true",
            "on",
            "No",
            "y",
            "0x10",
            "1_000",
            "1e3",
            "012",
            "1:30",
            "~",
            "null",
            "",
            " a",
            "a: b",
            "#a",
            "- a",
            "@a",
            "2026-01-01",
            "a\nb\n",
            "\u{1b}[31m",
            "\"q\"",
            "[{\"HTTP\":80}]",
        ];
        let list = json!([{ "words": words }]);
        let text = yaml(&list).unwrap();
        assert!(!text.contains('\u{1b}'), "{text}");
        for bare in ["true", "on", "No", "y", "0x10", "012", "null", "2026-01-01"] {
            assert!(!text.contains(&format!("- {bare}\n")), "{bare} in {text}");
        }
        let read: Value = serde_saphyr::from_str(text.strip_prefix("---\n").unwrap()).unwrap();
        assert_eq!(read, list[0]);
    }
}
