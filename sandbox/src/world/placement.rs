//! Where tasks find a place on container instances: what each has left, by which rules one is chosen,
//! and why none is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::World;
use super::agenda::Due;
use super::configuration::Workload;
use super::task::{Phase, Task};
use super::task_definition::TaskDefinition;
use crate::instances::InstanceKind;

mod expression;
mod need;
mod unplaced;

pub(crate) use self::need::{Binding, Need};
pub(crate) use self::unplaced::{Misfit, Unplaced};

/// Docker's usual range for host ports that nobody chose (Amazon ECS API reference, `PortMapping`).
const DYNAMIC: std::ops::RangeInclusive<i64> = 49_153..=65_535;
/// What SSH, the Docker daemon and the agent use (Amazon ECS API reference, `PortMapping`).
pub(crate) const RESERVED: [i64; 5] = [22, 2_375, 2_376, 51_678, 51_679];

/// A container instance.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) kind: InstanceKind,
}

/// What tasks hold of an instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
    pub(crate) gpu: i64,
    /// Host ports by protocol.
    pub(crate) ports: BTreeSet<(String, i64)>,
    pub(crate) running: i64,
    pub(crate) pending: i64,
    /// Active tasks of the service that a place is looked for.
    mine: i64,
}

/// Where a task goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) instance: String,
    pub(crate) zone: String,
    pub(crate) bindings: Vec<Binding>,
}

/// Who looks for a place, and on which terms.
pub(super) struct Seeker<'a> {
    pub(super) cluster: &'a str,
    pub(super) service: &'a str,
    pub(super) definition: &'a TaskDefinition,
    pub(super) provider: Option<&'a str>,
    pub(super) constraints: Vec<Value>,
    pub(super) strategy: Vec<Value>,
    /// One task on each instance.
    pub(super) daemon: bool,
}

impl Instance {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        if let Some(own) = self.kind.attributes.get(name) {
            return Some(own.clone());
        }
        Some(match name {
            "ecs.availability-zone" => self.zone.clone(),
            "ecs.instance-type" => self.kind.instance_type.clone(),
            "ecs.os-type" => "linux".to_owned(),
            "ecs.cpu-architecture" => "x86_64".to_owned(),
            _ => return None,
        })
    }
}

impl World {
    /// The container instances of a cluster, those of its pool first.
    pub(crate) fn instances(&self, cluster: &str) -> Vec<Instance> {
        let there = |kind: &&InstanceKind| kind.cluster.as_deref().is_none_or(|one| one == cluster);
        let mut all = Vec::new();
        let pool = self.pool.iter().filter(there).cloned();
        let brought = self.providers.iter().filter_map(|provider| {
            let key = format!("{cluster}/{}", provider.name);
            let mut kind = provider.instance.clone();
            kind.count = self.brought.get(&key).copied().unwrap_or(0);
            kind.capacity_provider = Some(provider.name.clone());
            (kind.count > 0).then_some(kind)
        });
        for (index, kind) in pool.chain(brought).enumerate() {
            let owner = kind.capacity_provider.clone().unwrap_or_default();
            for number in 0..kind.count {
                let letters = ["a", "b", "c"];
                let turn = usize::try_from(number).unwrap_or(0) % letters.len();
                let letter = kind.zone.as_deref().or(letters.get(turn).copied());
                all.push(Instance {
                    id: identity(&format!("{cluster}/{owner}/{index}/{number}")),
                    zone: format!("{}{}", self.region, letter.unwrap_or("a")),
                    kind: kind.clone(),
                });
            }
        }
        all
    }

    /// What the tasks of a cluster hold, by instance.
    pub(crate) fn held(&self, cluster: &str, service: &str) -> BTreeMap<String, Held> {
        let mut all: BTreeMap<String, Held> = BTreeMap::new();
        let alive = |task: &&Task| task.cluster == cluster && task.phase != Phase::Stopped;
        for task in self.tasks.values().filter(alive) {
            let Some(place) = &task.place else {
                continue;
            };
            let held = all.entry(place.instance.clone()).or_default();
            held.cpu += task.need.cpu;
            held.memory += task.need.memory;
            held.gpu += task.need.gpu;
            held.mine += i64::from(task.service == service && task.is_active());
            match task.phase {
                Phase::Running => held.running += 1,
                _ => held.pending += 1,
            }
            let ports = place.bindings.iter();
            held.ports
                .extend(ports.map(|one| (one.protocol.clone(), one.host_port)));
        }
        all
    }

    /// A place for a task of this workload. `None`: it needs no instance.
    pub(super) fn seek(
        &mut self,
        service: &str,
        workload: &Workload,
        definition: &TaskDefinition,
        provider: Option<&str>,
    ) -> Result<Option<Place>, Misfit> {
        if !workload.is_on_instances() {
            return Ok(None);
        }
        let seeker = self.seeker(service, definition, provider);
        self.place(&seeker).map(Some)
    }

    fn seeker<'a>(
        &self,
        service: &'a str,
        definition: &'a TaskDefinition,
        provider: Option<&'a str>,
    ) -> Seeker<'a> {
        let found = self.services.get(service);
        let of_task = definition.body.get("placementConstraints");
        let of_task = of_task.and_then(Value::as_array).into_iter().flatten();
        let settings = found.map(|found| &found.settings);
        let own = settings.map_or(&[][..], |all| all.placement_constraints.as_slice());
        Seeker {
            cluster: service.split('/').next().unwrap_or_default(),
            service,
            definition,
            provider,
            constraints: of_task.chain(own).cloned().collect(),
            strategy: settings.map_or_else(Vec::new, |all| all.placement_strategy.clone()),
            daemon: found.is_some_and(|found| found.daemon),
        }
    }

    /// How many instances a daemon service has a task on.
    pub(super) fn fitting_instances(&self, service: &str) -> i64 {
        let Some(found) = self.services.get(service) else {
            return 0;
        };
        let Some(definition) = self.task_definition(&found.workload.task_definition) else {
            return 0;
        };
        let strategy = &found.workload.capacity_provider_strategy;
        let provider = strategy.first().map(|item| item.capacity_provider.as_str());
        let seeker = self.seeker(service, definition, provider);
        let all = self.instances(seeker.cluster);
        let fits = |one: &&Instance| seeker.takes(one) && seeker.rules_out(one).is_none();
        i64::try_from(all.iter().filter(fits).count()).unwrap_or(i64::MAX)
    }

    fn place(&mut self, seeker: &Seeker) -> Result<Place, Misfit> {
        let need = Need::of(seeker.definition);
        let held = self.held(seeker.cluster, seeker.service);
        let none = Held::default();
        let mut closest: Option<Misfit> = None;
        let mut fitting = Vec::new();
        let all = self.instances(seeker.cluster);
        for instance in all.into_iter().filter(|one| seeker.takes(one)) {
            let held = held.get(&instance.id).unwrap_or(&none);
            match seeker.hindrance(&instance, held, &need) {
                None => fitting.push(instance),
                Some(why) => {
                    let misfit = Misfit {
                        instance: Some(instance.id),
                        why,
                    };
                    let closer = closest.as_ref().is_none_or(|one| one.why < misfit.why);
                    closest = if closer { Some(misfit) } else { closest };
                }
            }
        }
        let Some(chosen) = self.choose(seeker, &fitting, &held) else {
            return Err(closest.unwrap_or_else(|| Misfit::nobody(seeker.provider.is_some())));
        };
        let held = held.get(&chosen.id).unwrap_or(&none);
        Ok(Place {
            bindings: bind(&need, held),
            instance: chosen.id,
            zone: chosen.zone,
        })
    }

    /// The best of those that fit: by the strategies in their order, else spread over the zones and then
    /// over the instances.
    fn choose(
        &mut self,
        seeker: &Seeker,
        fitting: &[Instance],
        held: &BTreeMap<String, Held>,
    ) -> Option<Instance> {
        let all = self.instances(seeker.cluster);
        let mine = |one: &Instance| held.get(&one.id).map_or(0, |held| held.mine);
        let text = |rule: &Value, key: &str| {
            let found = rule.get(key).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let mut ranked: Vec<(Vec<i64>, &Instance)> = Vec::new();
        for instance in fitting {
            let mut rank = Vec::new();
            for rule in &seeker.strategy {
                let field = text(rule, "field");
                let held = held.get(&instance.id);
                rank.push(match text(rule, "type").as_str() {
                    "random" => self.rng.below(1_000_000),
                    "binpack" if field.eq_ignore_ascii_case("cpu") => {
                        instance.kind.cpu - held.map_or(0, |held| held.cpu)
                    }
                    "binpack" => instance.kind.memory - held.map_or(0, |held| held.memory),
                    _ => spread(&field, instance, &all, &mine),
                });
            }
            if seeker.strategy.is_empty() {
                let zone = "attribute:ecs.availability-zone";
                rank.push(spread(zone, instance, &all, &mine));
            }
            rank.push(mine(instance));
            ranked.push((rank, instance));
        }
        ranked.sort_by(|a, b| a.0.cmp(&b.0));
        ranked.first().map(|(_, instance)| (*instance).clone())
    }

    /// Asks a provider for one more instance; `false` when it brings no more.
    pub(super) fn ask_for_instance(&mut self, cluster: &str, provider: &str) -> bool {
        let key = format!("{cluster}/{provider}");
        let there = self.brought.get(&key).copied().unwrap_or(0);
        let known = self.providers.iter().find(|one| one.name == provider);
        if known.is_none_or(|known| there >= known.most) {
            return false;
        }
        if self.coming.insert(key) {
            let due = Due::Instance {
                cluster: cluster.to_owned(),
                provider: provider.to_owned(),
            };
            self.later(self.timings.instance_ms, due);
        }
        true
    }

    /// An instance that was asked for is there.
    pub(super) fn instance_comes(&mut self, cluster: &str, provider: &str) {
        let key = format!("{cluster}/{provider}");
        self.coming.remove(&key);
        *self.brought.entry(key).or_default() += 1;
        self.place_waiting(cluster);
        self.reconcile_all();
    }

    /// Tasks that wait for an instance look again, the oldest first.
    pub(super) fn place_waiting(&mut self, cluster: &str) {
        let waits = |task: &&Task| task.waits && task.cluster == cluster && task.is_active();
        let mut waiting: Vec<(i64, String)> = (self.tasks.values().filter(waits))
            .map(|task| (task.number, task.id.clone()))
            .collect();
        waiting.sort();
        for (_, id) in waiting {
            let Some(task) = self.tasks.get(&id).cloned() else {
                continue;
            };
            let Some(definition) = self.task_definition(&task.definition).cloned() else {
                continue;
            };
            let provider = task.provider.as_deref();
            let seeker = self.seeker(&task.service, &definition, provider);
            match self.place(&seeker) {
                Ok(place) => {
                    if let Some(task) = self.tasks.get_mut(&id) {
                        task.place = Some(place);
                        task.need = Need::of(&definition);
                        task.waits = false;
                    }
                    let step = task.step;
                    let wait = self.timings.provision_ms;
                    self.later(wait, Due::Step { task: id, step });
                }
                Err(misfit) => {
                    if !self.ask_for_instance(cluster, provider.unwrap_or_default()) {
                        self.warning(&task.service, &misfit.text());
                    }
                }
            }
        }
    }
}

/// How many tasks of the service share this value of a field.
fn spread(field: &str, here: &Instance, all: &[Instance], mine: &dyn Fn(&Instance) -> i64) -> i64 {
    let value = |one: &Instance| match field.strip_prefix("attribute:") {
        Some(name) => one.attribute(name).unwrap_or_default(),
        None => one.id.clone(),
    };
    let same = value(here);
    let beside = all.iter().filter(|one| value(one) == same);
    beside.map(mine).sum()
}

/// The host ports of a task, those that nobody chose from the usual range.
fn bind(need: &Need, held: &Held) -> Vec<Binding> {
    let mut taken = held.ports.clone();
    let mut bindings = Vec::new();
    for port in &need.ports {
        let mut port = port.clone();
        if port.host_port == 0 {
            let free = |one: &i64| !taken.contains(&(port.protocol.clone(), *one));
            port.host_port = DYNAMIC.into_iter().find(free).unwrap_or(0);
        }
        taken.insert((port.protocol.clone(), port.host_port));
        bindings.push(port);
    }
    bindings
}

/// The 32 hexadecimal digits of an instance, the same whenever they are asked for.
fn identity(of: &str) -> String {
    let turned: String = of.chars().rev().collect();
    let half = super::rollout::checksum;
    format!("{:016x}{:016x}", half(of), half(&turned))
}
