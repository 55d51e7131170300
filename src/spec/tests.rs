//! Tests of the whole way from text to specification.

mod diagnostics;
mod ecs_words;
mod effort;
mod example;
mod inherit;
mod keda_words;
mod kube_patch;
mod kube_words;
mod kubernetes;
mod laws;
mod manifests;
mod meaning;
mod patch;
mod secrecy;
mod shapes;
mod volumes;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::files::Files;
use super::{EcsService, Loaded, Problems, Request, load};

/// The target's file in most tests.
const ECS: &str = r#"
platform = "ecs"
account = "123456789012"
region = "us-east-1"
cluster = "main"
network = { subnets = ["subnet-0a"] }
"#;

/// The smallest service.
const SMALL: &str = r#"
project = "shop"
[service.api]
image = "api:v1"
cpu = 0.25
memory = "512MiB"
"#;

struct Texts(BTreeMap<&'static str, String>);

impl Files for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        let text = path.to_str().and_then(|path| self.0.get(path));
        text.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let names = self.0.keys().filter_map(|path| {
            let name = Path::new(path).strip_prefix(directory).ok()?;
            Some(name.to_str()?.to_owned())
        });
        Ok(names.collect())
    }
}

/// What the command line would say.
#[derive(Default)]
struct Arguments {
    services: Vec<&'static str>,
    set: Vec<(&'static str, &'static str)>,
    images: Vec<(&'static str, &'static str)>,
    environment: Vec<(&'static str, &'static str)>,
    allow_env: Vec<&'static str>,
}

fn load_with(deploy: &str, target: &str, arguments: &Arguments) -> Result<Loaded, Problems> {
    let texts = Texts(BTreeMap::from([
        ("deploy.toml", deploy.to_owned()),
        ("config/ecs.toml", target.to_owned()),
    ]));
    load_texts(&texts, arguments)
}

fn load_texts(texts: &Texts, arguments: &Arguments) -> Result<Loaded, Problems> {
    let name = "ecs".parse().unwrap();
    let services: Vec<_> = arguments
        .services
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let images = arguments
        .images
        .iter()
        .map(|(name, image)| (name.parse().unwrap(), (*image).to_owned()));
    load(
        texts,
        &Request {
            file: Path::new("deploy.toml"),
            target: &name,
            services: &services,
            set: &arguments.set.iter().map(own).collect(),
            images: &images.collect(),
            demands: true,
            environment: &|key| {
                let mut pairs = arguments.environment.iter();
                pairs
                    .find(|(name, _)| *name == key)
                    .map(|(_, value)| (*value).to_owned())
            },
            allow_env: &arguments
                .allow_env
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        },
    )
}

/// Loads with the usual target and no arguments.
fn read(deploy: &str) -> Result<Loaded, Problems> {
    load_with(deploy, ECS, &Arguments::default())
}

/// The smallest service with more to it: keys of the service first, then whole tables.
fn with(more: &str) -> String {
    format!("{SMALL}{more}")
}

/// The specification, or a failure that shows what is wrong as a user would see it.
fn sound(result: Result<Loaded, Problems>) -> Loaded {
    let drawn = result.as_ref().err().map(|problems| problems.render(false));
    assert!(drawn.is_none(), "{}", drawn.unwrap_or_default());
    result.unwrap()
}

/// The first service, which goes to ECS.
fn ecs(loaded: &Loaded) -> &EcsService {
    &loaded.spec.ecs().unwrap().1[0]
}

/// Codes and messages, without the drawing.
fn told(result: &Result<Loaded, Problems>) -> Vec<String> {
    let problems = result.as_ref().expect_err("there should be problems");
    let list = problems.list().iter();
    list.map(|problem| format!("{}: {}", problem.code, problem.message))
        .collect()
}
