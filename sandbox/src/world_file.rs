//! World files: how images behave, which faults strike, what is there already and what others do,
//! written down in TOML or JSON.
//!
//! ```toml
//! speed = 5.0                                  # five times as fast as real time
//! timings = "aws"                              # or "fast", or single values: { pull_ms = 100 }
//! switches = { record_delay_ms = 2000 }        # what AWS leaves open
//! alarms = ["errors"]                          # in ALARM from the beginning
//! missing = ["/ecs/web", "*:targetgroup/old/*"]  # log groups and target groups that are not there
//!
//! [[image]]                                    # later rules win; a tag decides where none fits
//! match = "*/api:v2"
//! behaviour = { kind = "crash", exit_code = 3 }
//!
//! [[fault]]                                    # the second UpdateService loses its reply
//! operation = "UpdateService"
//! nth = 2
//! effect = { kind = "lose_reply" }
//!
//! [[planned]]                                  # somebody else deploys a second after ours
//! when = { after = { operation = "UpdateService", delay_ms = 1000 } }
//! action = { deploy = { cluster = "main", service = "api", image = "api:theirs" } }
//!
//! [[eks]]                                      # an EKS cluster: any Kubernetes API server
//! name = "main"
//! endpoint = "https://127.0.0.1:6443"
//! certificate_authority = """-----BEGIN CERTIFICATE-----…"""   # PEM, or its base64
//!
//! [[instance]]                                 # instead of three m5.2xlarge in three zones
//! count = 2
//! cpu = 2048
//! memory = 7680
//! attributes = { stack = "blue" }
//!
//! [[capacity_provider]]                        # brings one more, and another, where tasks need it
//! name = "asg"
//! most = 2
//!
//! [[before]]                                   # what is there already
//! service = "ecs"
//! operation = "CreateCluster"
//! input = { clusterName = "other" }
//! ```

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::SandboxError;
use super::api;
use super::behaviour::ImageRule;
use super::eks::EksCluster;
use super::faults::Fault;
use super::instances::{InstanceKind, Provider};
use super::plan::Planned;
use super::switches::Switches;
use super::timings::Timings;
use super::world::World;

/// A world file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldFile {
    /// The seed of its chance.
    pub seed: Option<u64>,
    /// How fast its clock goes; 1 is real time.
    pub speed: Option<f64>,
    /// How long things take.
    pub timings: Option<TimingsChoice>,
    /// The undocumented things.
    pub switches: Switches,
    /// How images behave; later rules win.
    #[serde(rename = "image")]
    pub images: Vec<ImageRule>,
    /// What goes wrong.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
    /// What others do.
    #[serde(rename = "planned")]
    pub planned: Vec<Planned>,
    /// Requests performed long before the world begins: what is there already.
    #[serde(rename = "before")]
    pub before: Vec<Before>,
    /// EKS clusters, each the way to a Kubernetes API server.
    pub eks: Vec<EksCluster>,
    /// Container instances; absent: three in each cluster, and an empty list: none.
    #[serde(rename = "instance")]
    pub instances: Option<Vec<InstanceKind>>,
    /// Capacity providers that bring instances.
    #[serde(rename = "capacity_provider")]
    pub providers: Vec<Provider>,
    /// Target groups and log groups that are not there: ARNs and names, `*` standing for anything.
    /// Any other that is named exists.
    pub missing: Vec<String>,
    /// Alarms that are in ALARM from the beginning.
    pub alarms: Vec<String>,
}

/// Timings by the name of a preset or one by one.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum TimingsChoice {
    /// All timings of one preset, given by its name.
    Named(Preset),
    /// Single values; the others are the defaults.
    Given(Box<Timings>),
}

/// A set of timings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// A rollout ends within seconds.
    Fast,
    /// About as long as on AWS.
    Aws,
}

/// A request that was performed before the world began.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The service (`ecs`, `application-autoscaling`).
    pub service: String,
    /// The operation of that service which was performed.
    pub operation: String,
    /// Its parameters, as in the JSON protocol.
    pub input: Value,
}

impl WorldFile {
    /// Reads a world file: JSON when its name ends so, else TOML.
    pub fn read(path: &Path) -> Result<Self, SandboxError> {
        let own = || path.to_owned();
        let text = std::fs::read_to_string(path).map_err(|source| SandboxError::ReadWorldFile {
            path: own(),
            source,
        })?;
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            return serde_json::from_str(&text).map_err(|source| SandboxError::WorldFileJson {
                path: own(),
                source,
            });
        }
        toml::from_str(&text).map_err(|source| SandboxError::WorldFileToml {
            path: own(),
            source: Box::new(source),
        })
    }

    /// The world it describes, beginning at `now`.
    pub fn into_world(self, seed: u64, now: Timestamp) -> Result<World, SandboxError> {
        let day = SignedDuration::from_hours(24);
        let earlier = now.checked_sub(day).unwrap_or(Timestamp::MIN);
        let mut world = World::new(self.seed.unwrap_or(seed), earlier);
        world.timings = match self.timings {
            None | Some(TimingsChoice::Named(Preset::Fast)) => Timings::default(),
            Some(TimingsChoice::Named(Preset::Aws)) => Timings::aws(),
            Some(TimingsChoice::Given(timings)) => *timings,
        };
        world.switches = self.switches;
        world.images = self.images;
        world.missing = self.missing;
        world.providers = self.providers;
        if let Some(pool) = self.instances {
            world.pool = pool;
        }
        for cluster in self.eks {
            world.set_eks_cluster(cluster);
        }
        for before in self.before {
            let done = api::perform(
                &mut world,
                &before.service,
                &before.operation,
                &before.input,
            );
            done.map_err(|error| SandboxError::WorldFileRequest {
                operation: before.operation,
                code: error.code,
                message: error.message,
            })?;
        }
        world.tick(now);
        world.started = world.now;
        for alarm in self.alarms {
            world.set_alarm(&alarm, true);
        }
        world.faults = self.faults;
        for planned in self.planned {
            world.add_planned(planned);
        }
        Ok(world)
    }
}
