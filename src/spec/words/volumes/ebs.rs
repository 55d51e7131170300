//! Volumes that ECS makes on EBS for each task: the task definition says that there is one, and the service how it is.

use serde_json::{Map as Members, Value as Json, json};

use crate::names::EcsName;
use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Table as _, table, words};
use crate::spec::units::Mebibytes;
use crate::spec::words::ecs::role::{Role, full_role};
use crate::spec::words::target::cluster::EcsPlace;
use crate::spec::words::volumes::VolumeTable;

table! {
    /// A volume on EBS, made anew for each task and gone with it; only on ECS. It needs `size`, `snapshot` or both.
    "[service.NAME.volumes.NAME.ebs]" EbsTable {
        /// In whole GiB: "20GiB". Default: as the snapshot.
        size: Mebibytes,
        /// "gp3", "gp2", "io2", "io1", "st1", "sc1" or "standard". Default: gp3.
        r#type: VolumeType,
        /// Operations a second that are provisioned. Default: what the type has.
        iops: Whole<100, 256_000>,
        /// MiB a second that are provisioned; "gp3" only. Default: 125.
        throughput: Whole<125, 2000>,
        /// "ext3", "ext4", "xfs" or "ntfs". Default: xfs, on Windows ntfs.
        filesystem: FileSystem,
        /// ID of the snapshot that it begins as.
        snapshot: Filled,
        /// Whether it is encrypted. Default: as the account says.
        encrypted: bool,
        /// The key of KMS that encrypts it. Default: the account's.
        kms_key: Filled,
        /// The infrastructure role, by which ECS makes it: its ARN, or its name in the target's account.
        role: Role = required,
    }
}

/// What kind of volume it is (Amazon EBS API reference, `CreateVolume`).
#[derive(Clone, Copy)]
pub(in crate::spec) struct VolumeType(&'static str);

words!(
    VolumeType, "a type of EBS volumes",
    "gp3" => VolumeType("gp3"),
    "gp2" => VolumeType("gp2"),
    "io2" => VolumeType("io2"),
    "io1" => VolumeType("io1"),
    "st1" => VolumeType("st1"),
    "sc1" => VolumeType("sc1"),
    "standard" => VolumeType("standard"),
);

/// How it is formatted (Amazon ECS API reference, `TaskFilesystemType`).
#[derive(Clone, Copy)]
pub(in crate::spec) struct FileSystem(&'static str);

words!(
    FileSystem, "a file system",
    "ext3" => FileSystem("ext3"),
    "ext4" => FileSystem("ext4"),
    "xfs" => FileSystem("xfs"),
    "ntfs" => FileSystem("ntfs"),
);

/// What a service says of its volumes on EBS, in the API's own spelling, where there are any.
pub(in crate::spec) fn configurations(
    volumes: Option<&At<Map<VolumeTable, EcsName>>>,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<(&'static str, Json)> {
    let entries = volumes.iter().flat_map(|at| &at.value.0);
    let ours = entries.filter_map(|(name, at)| Some((name, at.value.ebs.as_ref()?)));
    let mut all: Vec<Json> = Vec::new();
    for (name, at) in ours {
        if !all.is_empty() {
            let message = "a task has at most one volume on EBS";
            findings.bad_value(at.head, message);
        }
        all.extend(
            managed(at, place, findings)
                .map(|managed| json!({ "name": name, "managedEBSVolume": managed })),
        );
    }
    (!all.is_empty()).then_some(("volumeConfigurations", Json::Array(all)))
}

fn managed(at: &At<EbsTable>, place: &EcsPlace, findings: &mut Findings) -> Option<Json> {
    let raw = &at.value;
    if !raw.has(&["size", "snapshot"]) {
        findings.missing(
            at.head,
            "size",
            "a volume needs a size, or a snapshot that has one",
        );
    }
    let gib = raw.size.as_ref().map(|size| {
        let mebibytes = size.value.0;
        if !mebibytes.is_multiple_of(1024) {
            findings.bad_value(size.spot, "must be a number of whole GiB");
        }
        mebibytes / 1024
    });
    let kind = raw.r#type.as_ref().map(|at| at.value.0);
    if let Some(at) = raw
        .throughput
        .as_ref()
        .filter(|_| kind.is_some_and(|kind| kind != "gp3"))
    {
        findings.bad_value(at.spot, "only \"gp3\" has a throughput of its own");
    }
    let text = |at: &Option<At<Filled>>| at.as_ref().map(|at| Json::from(at.value.0.as_str()));
    let role = full_role("volumes.ebs.role", raw.role.clone(), place, findings)?;
    let said = [
        ("roleArn", Some(Json::from(role))),
        ("sizeInGiB", gib.map(Json::from)),
        ("volumeType", kind.map(Json::from)),
        ("iops", raw.iops.as_ref().map(|at| at.value.0.into())),
        (
            "throughput",
            raw.throughput.as_ref().map(|at| at.value.0.into()),
        ),
        (
            "filesystemType",
            raw.filesystem.as_ref().map(|at| at.value.0.into()),
        ),
        ("snapshotId", text(&raw.snapshot)),
        (
            "encrypted",
            raw.encrypted.as_ref().map(|at| at.value.into()),
        ),
        ("kmsKeyId", text(&raw.kms_key)),
    ];
    let said = said
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Some(Json::Object(said.collect::<Members<String, Json>>()))
}
