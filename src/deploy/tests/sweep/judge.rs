//! What must be true of a run, whatever went wrong in it: read from the world itself, which the
//! deployer never sees.

use serde_json::{Value, json};

use super::stage::{Ran, image, later};
use super::story::Staged;
use sandbox::World;

/// The service of the example.
pub(super) const KEY: &str = "main/api-service";

/// What a world comes to once all has settled, but for revisions that nobody uses, and the
/// identities and times of things.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rest(Value);

impl Rest {
    /// Without the settings and tags of the service, which a rollback does not bring back.
    fn rolled_back(&self) -> Value {
        let mut value = self.0.clone();
        if let Some(service) = value.get_mut("service").and_then(Value::as_object_mut) {
            service.remove("settings");
            service.remove("tags");
        }
        value
    }
}

/// The world at rest.
pub(super) fn rest(world: &World) -> Rest {
    let world = later(world.clone(), 3_600);
    let mut service = world.service(KEY);
    // Without who ran what: a run that found a revision registered says so here, another one there.
    if let Some(tags) = service.get_mut("tags").and_then(Value::as_object_mut) {
        tags.retain(|key, _| !key.starts_with("deployer:rollout:"));
    }
    Rest(json!({"service": service, "scaling": world.scaling()}))
}

/// The tag that the PRIMARY deployment runs, if all of its tasks are running just now.
pub(super) fn serving(world: &World) -> Option<String> {
    let image = world.serving(KEY)?;
    Some(image.rsplit(':').next().unwrap_or_default().to_owned())
}

/// How many rollouts the world has seen. Every UpdateService that starts one leaves a record.
pub(super) fn rollouts(world: &World) -> usize {
    world.rollouts().len()
}

/// Whether what the run says is so, and the world came out as it says.
pub(super) fn truth(staged: &Staged, ran: &Ran) -> Result<(), String> {
    let Some(outcome) = &ran.outcome else {
        return Err("killed".into());
    };
    let (now, end) = (serving(&ran.world), rest(&ran.world));
    let fail = |what: &str| {
        let exit = outcome.exit;
        Err(format!(
            "exit {exit}, but {what}; {}; serves {now:?}",
            outcome.reason
        ))
    };
    let restored = end.rolled_back() == staged.before.rolled_back();
    match outcome.exit {
        0 if now.as_deref() != Some(staged.story.tag) => fail("our image does not serve"),
        0 if staged.story.exit == 0 && end != staged.after => fail(&differ(&end, &staged.after)),
        10 if now.as_deref() != Some("v1") => fail("the old image does not serve"),
        10 if !restored => fail(&differ(&end, &staged.before)),
        11 if now.is_some() && staged.before.0["service"].is_null() => fail("something serves"),
        1 | 4 if end != staged.before => fail(&differ(&end, &staged.before)),
        5 if outcome.remaining.is_empty() => fail("nothing remains"),
        0 | 1 | 4 | 5 | 10 | 11 | 12 | 13 | 130 => Ok(()),
        _ => fail("there is no such code here"),
    }
}

/// The first difference between two worlds at rest.
fn differ(is: &Rest, should: &Rest) -> String {
    fn walk(path: &str, is: &Value, should: &Value) -> Option<String> {
        match (is, should) {
            (Value::Object(a), Value::Object(b)) => {
                let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
                keys.into_iter().find_map(|key| {
                    let null = Value::Null;
                    let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                    walk(&format!("{path}.{key}"), a, b)
                })
            }
            (a, b) if a == b => None,
            (a, b) => Some(format!("{path} is {a} in place of {b}")),
        }
    }
    walk("world", &is.0, &should.0).unwrap_or_else(|| "nothing differs".into())
}

/// Of one run: true, with one of these exit codes, and no more rollouts than the undisturbed one.
pub(super) fn judge(staged: &Staged, ran: &Ran, exits: &[u8]) -> Result<(), String> {
    truth(staged, ran)?;
    let exit = ran.exit().unwrap_or_default();
    if !exits.contains(&exit) {
        let reason = ran.outcome.as_ref().map(|outcome| outcome.reason.as_str());
        return Err(format!("exit {exit} in place of {exits:?}: {reason:?}"));
    }
    let (is, most) = (rollouts(&ran.world), rollouts(&staged.calm.world));
    if is > most {
        return Err(format!("{is} rollouts in place of {most}"));
    }
    Ok(())
}

/// What is wrong with an undisturbed run.
pub(super) fn judge_calm(staged: &Staged) -> Result<(), String> {
    judge(staged, &staged.calm, &[staged.story.exit])?;
    let now = serving(&staged.calm.world);
    if now.as_deref() != staged.story.serves {
        return Err(format!("{now:?} serves: {}", image(staged.story.tag)));
    }
    Ok(())
}

/// Collects what is wrong, so that one run of a test shows all of it.
#[derive(Default)]
pub(super) struct Findings {
    all: Vec<String>,
    looked: usize,
}

impl Findings {
    /// What was found at one place.
    pub(super) fn add(&mut self, place: impl FnOnce() -> String, found: Result<(), String>) {
        self.looked += 1;
        if let Err(what) = found {
            self.all.push(format!("{}: {what}", place()));
        }
    }

    /// Fails if anything was found, or if nothing was looked at.
    pub(super) fn end(self) {
        assert!(self.looked > 0, "nothing was looked at");
        assert!(
            self.all.is_empty(),
            "{} of {}:\n{}",
            self.all.len(),
            self.looked,
            self.all.join("\n")
        );
    }
}
