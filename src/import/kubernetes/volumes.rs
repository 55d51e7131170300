//! The words of the files for the volumes of a pod, and for where its containers have them.

use serde_json::Value;

use super::family::{Family, items, text};
use super::resources::{MIB, bytes};
use super::stateful;
use crate::import::write::{Word, Words, mebibytes, say};
use crate::names::{KubeLabel, KubeName};

/// Where a pod's volumes are.
const VOLUMES: &str = "/spec/template/spec/volumes";

/// What containers can mount: the volumes of a kind that there is a word for.
pub(super) fn volumes(family: &Family) -> Option<Word> {
    let volumes = items(&family.deployment, VOLUMES);
    let volumes: Words = volumes
        .filter_map(|volume| {
            let name = text(volume, "/name");
            name.parse::<KubeLabel>().ok()?;
            Some((name.to_owned(), Word::Table(source(volume)?)))
        })
        .collect();
    (!volumes.is_empty()).then_some(Word::Table(volumes))
}

fn source(volume: &Value) -> Option<Words> {
    let said = |key: &str, word: Word| vec![(key.to_owned(), word)];
    let name = |name: &str| name.parse::<KubeName>().ok().map(|_| Word::text(name));
    if let Some(scratch) = volume.get("emptyDir") {
        let mut words = said("scratch", Word::plain(true));
        let size = scratch.get("sizeLimit");
        say(&mut words, "size", size.and_then(whole).map(mebibytes));
        let medium = text(scratch, "/medium");
        say(
            &mut words,
            "medium",
            (!medium.is_empty()).then(|| Word::text(medium)),
        );
        return Some(words);
    }
    if let Some(host) = volume.get("hostPath") {
        let path = text(host, "/path");
        let sayable = path.starts_with('/') && !path.contains(':');
        return sayable.then(|| said("host", Word::text(path)));
    }
    if let Some(claim) = volume.get("persistentVolumeClaim") {
        let mut words = said("claim", name(text(claim, "/claimName"))?);
        read_only(claim, &mut words);
        return Some(words);
    }
    if let Some(config) = volume.get("configMap") {
        let mut words = said("config", name(text(config, "/name"))?);
        documents(config, &mut words);
        return Some(words);
    }
    if let Some(secret) = volume.get("secret") {
        let mut words = said("secret", name(text(secret, "/secretName"))?);
        documents(secret, &mut words);
        return Some(words);
    }
    let csi = volume.get("csi")?;
    let driver = text(csi, "/driver");
    let mut words = said("csi", (!driver.is_empty()).then(|| Word::text(driver))?);
    let attributes = csi.get("volumeAttributes").and_then(Value::as_object);
    let attributes: Words = attributes
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), Word::text(value.as_str()?))))
        .collect();
    let some = (!attributes.is_empty()).then_some(Word::Table(attributes));
    say(&mut words, "attributes", some);
    read_only(csi, &mut words);
    Some(words)
}

fn read_only(source: &Value, words: &mut Words) {
    let read_only = source.get("readOnly") == Some(&Value::Bool(true));
    say(words, "read_only", read_only.then(|| Word::plain(true)));
}

/// Files whose paths have no mode of their own.
fn documents(source: &Value, words: &mut Words) {
    let each = items(source, "/items");
    let files: Words = each
        .filter_map(|item| {
            let path = text(item, "/path");
            let sayable = !path.is_empty() && !path.starts_with('/');
            sayable.then(|| (text(item, "/key").to_owned(), Word::text(path)))
        })
        .collect();
    say(
        words,
        "items",
        (!files.is_empty()).then_some(Word::Table(files)),
    );
    let mode = source.get("defaultMode").and_then(Value::as_u64);
    let mode = mode.filter(|mode| *mode != 0o644 && *mode <= 0o777);
    say(
        words,
        "mode",
        mode.map(|mode| Word::text(format!("{mode:04o}"))),
    );
    let optional = source.get("optional") == Some(&Value::Bool(true));
    say(words, "optional", optional.then(|| Word::plain(true)));
}

/// MiB, where a size is a whole number of them.
fn whole(size: &Value) -> Option<u64> {
    let bytes = bytes(size)?;
    bytes.is_multiple_of(MIB).then_some(bytes / MIB)
}

/// Where a container has volumes that there is a word for.
pub(super) fn mounts(container: &Value, family: &Family) -> Option<Word> {
    let known = |mount: &&Value| {
        let name = text(mount, "/name");
        let mut volumes = items(&family.deployment, VOLUMES);
        let path = text(mount, "/mountPath");
        let is_known = volumes.any(|volume| {
            text(volume, "/name") == name
                && name.parse::<KubeLabel>().is_ok()
                && source(volume).is_some()
        });
        (is_known || stateful::is_claim(family, name))
            && path.starts_with('/')
            && !path.contains(':')
    };
    let mounts = items(container, "/volumeMounts").filter(known);
    let mounts: Words = mounts.map(mount).collect();
    (!mounts.is_empty()).then_some(Word::Table(mounts))
}

fn mount(mount: &Value) -> (String, Word) {
    let volume = Word::text(text(mount, "/name"));
    let mut words = vec![("volume".to_owned(), volume.clone())];
    read_only(mount, &mut words);
    let within = text(mount, "/subPath");
    let sayable = !within.is_empty() && !within.starts_with('/');
    say(&mut words, "sub_path", sayable.then(|| Word::text(within)));
    let word = if words.len() == 1 {
        volume
    } else {
        Word::Table(words)
    };
    (text(mount, "/mountPath").to_owned(), word)
}
