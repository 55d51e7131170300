//! The words of the files for the volumes of a task, and for where its containers have them.

use serde_json::Value;

use super::members::table;
use crate::import::write::{Word, Words, mebibytes, say};
use crate::names::EcsName;
use crate::platform::ecs::settings::volumes::{EfsVolume, TaskVolume};
use crate::platform::ecs::settings::{ContainerDefinition, TaskDefinition};

/// The volumes that can be called so.
fn sayable(task: &TaskDefinition) -> impl Iterator<Item = &TaskVolume> {
    let can_be = |volume: &&TaskVolume| volume.name.parse::<EcsName>().is_ok();
    task.volumes.iter().filter(can_be)
}

/// What containers can mount. What a volume is beyond the words is laid over it.
pub(super) fn volumes(task: &TaskDefinition, service: &Value) -> Option<Word> {
    let volumes = sayable(task).map(|volume| {
        let path = volume
            .host
            .as_ref()
            .and_then(|host| host.source_path.clone());
        let path = path.filter(|path| path.starts_with('/') && !path.contains(':'));
        let words = match (&volume.efs_volume_configuration, path) {
            (Some(efs), _) => efs_words(efs),
            (None, Some(path)) => vec![("host".to_owned(), Word::text(path))],
            (None, None) => vec![match ebs_words(volume, service) {
                Some(ebs) => ("ebs".to_owned(), Word::Table(ebs)),
                None => ("scratch".to_owned(), Word::plain(true)),
            }],
        };
        (volume.name.clone(), Word::Table(words))
    });
    let volumes: Words = volumes.collect();
    (!volumes.is_empty()).then_some(Word::Table(volumes))
}

/// How a volume on EBS is, where the service says so.
fn ebs_words(volume: &TaskVolume, service: &Value) -> Option<Words> {
    if volume.configured_at_launch != Some(true) {
        return None;
    }
    let all = service.get("volumeConfigurations")?.as_array()?;
    let ours = all
        .iter()
        .find(|one| one.get("name").is_some_and(|name| *name == volume.name))?;
    let managed = ours.get("managedEBSVolume")?;
    managed.get("roleArn")?;
    let mut words = Words::new();
    let size = managed.get("sizeInGiB").and_then(Value::as_u64);
    say(&mut words, "size", size.map(|gib| mebibytes(gib * 1024)));
    words.extend(table(
        managed,
        &[
            ("volumeType", "type"),
            ("iops", "iops"),
            ("throughput", "throughput"),
            ("filesystemType", "filesystem"),
            ("snapshotId", "snapshot"),
            ("encrypted", "encrypted"),
            ("kmsKeyId", "kms_key"),
            ("roleArn", "role"),
        ],
    ));
    Some(words)
}

fn efs_words(efs: &EfsVolume) -> Words {
    let mut words = vec![("efs".to_owned(), Word::text(&efs.file_system_id))];
    let root = efs.root_directory.as_ref();
    let root = root.filter(|root| root.starts_with('/') && root.as_str() != "/");
    say(&mut words, "root", root.map(Word::text));
    let access = efs.authorization_config.clone().unwrap_or_default();
    let point = access.access_point_id.filter(|point| !point.is_empty());
    say(&mut words, "access_point", point.map(Word::Text));
    let iam = access.iam.as_deref() == Some("ENABLED");
    say(&mut words, "iam", iam.then(|| Word::plain(true)));
    let encrypted = efs.transit_encryption.as_deref() == Some("ENABLED");
    say(
        &mut words,
        "encrypted",
        (!encrypted).then(|| Word::plain(false)),
    );
    words
}

/// Where a container has volumes.
pub(super) fn mounts(container: &ContainerDefinition, task: &TaskDefinition) -> Option<Word> {
    let mounts = container.mounts.mount_points.iter();
    let mounts = mounts.filter(|mount| {
        let is_path = mount.container_path.starts_with('/') && !mount.container_path.contains(':');
        is_path && sayable(task).any(|volume| volume.name == mount.source_volume)
    });
    let mounts: Words = mounts
        .map(|mount| {
            let volume = Word::text(&mount.source_volume);
            let word = if mount.read_only == Some(true) {
                Word::Table(vec![
                    ("volume".to_owned(), volume),
                    ("read_only".to_owned(), Word::plain(true)),
                ])
            } else {
                volume
            };
            (mount.container_path.clone(), word)
        })
        .collect();
    (!mounts.is_empty()).then_some(Word::Table(mounts))
}
