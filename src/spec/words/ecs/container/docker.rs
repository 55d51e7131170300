//! Members of a container's definition that are Docker's, in the API's own spelling.

use serde_json::{Map as Members, Value as Json, json};

use super::{Bound, Given, Needs};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map};

/// Members as they are added; what is empty is not there.
#[derive(Default)]
struct Said {
    members: Members<String, Json>,
    bound: Vec<Bound>,
}

impl Said {
    fn put(&mut self, name: &str, value: Option<Json>) {
        if let Some(value) = value {
            self.members.insert(name.to_owned(), value);
        }
    }

    fn bind<T>(&mut self, key: &'static str, at: Option<&At<T>>, needs: Needs) {
        self.bound.extend(at.map(|at| (key, at.head, needs)));
    }

    fn list(&mut self, name: &str, list: Option<&At<Vec<At<Filled>>>>) {
        self.put(name, texts(list));
    }

    fn flag(&mut self, name: &str, flag: Option<&At<bool>>) {
        let on = flag.is_some_and(|at| at.value);
        self.put(name, on.then_some(Json::Bool(true)));
    }
}

fn texts(list: Option<&At<Vec<At<Filled>>>>) -> Option<Json> {
    let list = &list?.value;
    let all = list.iter().map(|at| Json::from(at.value.0.as_str()));
    (!list.is_empty()).then(|| all.collect())
}

/// One entry for each key, as `entry` makes it.
fn entries<T>(map: Option<&At<Map<T>>>, entry: impl Fn(&str, &T) -> Json) -> Option<Json> {
    let all = &map?.value.0;
    let made = all.iter().map(|(key, at)| entry(key, &at.value));
    (!all.is_empty()).then(|| made.collect())
}

fn table(map: Option<&At<Map<String>>>) -> Option<Json> {
    let all = &map?.value.0;
    let made = all
        .iter()
        .map(|(key, at)| (key.clone(), Json::from(at.value.as_str())));
    (!all.is_empty()).then(|| Json::Object(made.collect()))
}

/// The members that the file says, and the keys that not every launch type or network mode has.
pub(super) fn docker(given: &Given) -> (Members<String, Json>, Vec<Bound>) {
    let mut said = Said::default();
    said.put("firelensConfiguration", firelens(given));
    let ulimits = entries(
        given.ulimits.as_ref(),
        |name, limit| json!({ "name": name, "softLimit": limit.soft, "hardLimit": limit.hard }),
    );
    said.put("ulimits", ulimits);
    said.put("dockerLabels", table(given.docker_labels.as_ref()));
    let files = given.env_files.iter().flat_map(|at| &at.value);
    let files: Vec<Json> = files
        .map(|at| json!({ "type": "s3", "value": at.value.0 }))
        .collect();
    let files = (!files.is_empty()).then_some(Json::Array(files));
    said.put("environmentFiles", files);
    let credentials = given.repository_credentials.as_ref();
    let credentials = credentials.map(|at| json!({ "credentialsParameter": at.value.0 }));
    said.put("repositoryCredentials", credentials);
    let timeout = given.start_timeout.as_ref();
    let timeout = timeout.map(|at| Json::from(at.value.0.as_secs()));
    said.put("startTimeout", timeout);
    of_the_machine(given, &mut said);
    bounds(given, &mut said);
    (said.members, said.bound)
}

/// What of its machine a container has, or shows.
fn of_the_machine(given: &Given, said: &mut Said) {
    said.put("linuxParameters", linux(given));
    said.put("restartPolicy", restart(given));
    let gpus = given.gpu.as_ref().map(|at| at.value.0.to_string());
    let gpus = gpus.map(|count| json!([{ "type": "GPU", "value": count }]));
    said.put("resourceRequirements", gpus);
    said.flag("privileged", given.privileged.as_ref());
    said.list("links", given.links.as_ref());
    let hosts = entries(
        given.extra_hosts.as_ref(),
        |name, address| json!({ "hostname": name, "ipAddress": address.0 }),
    );
    said.put("extraHosts", hosts);
    said.list("dnsServers", given.dns.as_ref());
    said.list("dnsSearchDomains", given.dns_search.as_ref());
    let hostname = given.hostname.as_ref();
    said.put(
        "hostname",
        hostname.map(|at| Json::from(at.value.0.as_str())),
    );
    let controls = entries(
        given.system_controls.as_ref(),
        |name, value| json!({ "namespace": name, "value": value.0 }),
    );
    said.put("systemControls", controls);
    said.list("dockerSecurityOptions", given.security_options.as_ref());
    said.flag("interactive", given.interactive.as_ref());
    said.flag("pseudoTerminal", given.tty.as_ref());
    let pinned = given.version_consistency.as_ref();
    let pinned = pinned
        .is_some_and(|at| !at.value)
        .then(|| "disabled".into());
    said.put("versionConsistency", pinned);
}

/// Who has what: Amazon ECS developer guide, task definition parameters.
fn bounds(given: &Given, said: &mut Said) {
    let privileged = given.privileged.as_ref().filter(|at| at.value);
    said.bind("privileged", privileged, Needs::Instances);
    said.bind("gpu", given.gpu.as_ref(), Needs::Instances);
    said.bind("shm_size", given.shm_size.as_ref(), Needs::Instances);
    let options = given.security_options.as_ref();
    said.bind("security_options", options, Needs::Instances);
    said.bind("links", given.links.as_ref(), Needs::Bridge);
    said.bind("extra_hosts", given.extra_hosts.as_ref(), Needs::OtherMode);
    said.bind("dns", given.dns.as_ref(), Needs::OtherMode);
    said.bind("dns_search", given.dns_search.as_ref(), Needs::OtherMode);
    said.bind("hostname", given.hostname.as_ref(), Needs::OtherMode);
}

fn firelens(given: &Given) -> Option<Json> {
    let raw = &given.firelens.as_ref()?.value;
    let mut made = json!({ "type": raw.router.as_ref().map_or("fluentbit", |at| at.value.0) });
    if let Some(options) = table(raw.options.as_ref()) {
        made["options"] = options;
    }
    Some(made)
}

fn linux(given: &Given) -> Option<Json> {
    let mut said = Said::default();
    said.flag("initProcessEnabled", given.init.as_ref());
    if let Some(raw) = given.capabilities.as_ref().map(|at| &at.value) {
        let mut capabilities = Said::default();
        capabilities.list("add", raw.add.as_ref());
        capabilities.list("drop", raw.drop.as_ref());
        let some = !capabilities.members.is_empty();
        let members = Json::Object(capabilities.members);
        said.put("capabilities", some.then_some(members));
    }
    let shared = given.shm_size.as_ref();
    said.put("sharedMemorySize", shared.map(|at| Json::from(at.value.0)));
    let tmpfs = given.tmpfs.iter().flat_map(|at| &at.value);
    let tmpfs: Vec<Json> = tmpfs
        .filter_map(|at| {
            let (path, size) = (at.value.path.as_ref()?, at.value.size.as_ref()?);
            let mut one = json!({ "containerPath": path.value.0, "size": size.value.0 });
            if let Some(options) = texts(at.value.options.as_ref()) {
                one["mountOptions"] = options;
            }
            Some(one)
        })
        .collect();
    said.put("tmpfs", (!tmpfs.is_empty()).then_some(Json::Array(tmpfs)));
    (!said.members.is_empty()).then_some(Json::Object(said.members))
}

/// Without a word for it, ECS waits 300 s (Amazon ECS API reference, `ContainerRestartPolicy`).
fn restart(given: &Given) -> Option<Json> {
    let raw = &given.restart.as_ref()?.value.0;
    let after = raw.after.as_ref().map_or(300, |at| at.value.0.as_secs());
    let mut made = json!({ "enabled": true, "restartAttemptPeriod": after });
    let codes = raw.ignore.iter().flat_map(|at| &at.value);
    let codes: Vec<Json> = codes.map(|at| Json::from(at.value.0)).collect();
    if !codes.is_empty() {
        made["ignoredExitCodes"] = Json::Array(codes);
    }
    Some(made)
}
