//! Names, good and bad.

use super::*;

fn tag_of(image: &str) -> Option<String> {
    image.parse::<ImageRef>().unwrap().tag().map(str::to_owned)
}

#[test]
fn a_registry_port_is_not_a_tag() {
    assert_eq!(tag_of("localhost:5000/api").as_deref(), Some("latest"));
    assert_eq!(tag_of("localhost:5000/api:v1").as_deref(), Some("v1"));
}

#[test]
fn a_digest_pins_whatever_the_tag_says() {
    let digest = "0123456789abcdef".repeat(4);
    let image: ImageRef = format!("api:latest@sha256:{digest}").parse().unwrap();
    assert_eq!(image.tag(), None);
    assert!(!image.can_move());
}

#[test]
fn an_image_that_no_platform_pulls_is_none() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for good in [
        "api",
        "api:V1.2_3",
        "Registry/api",
        "LOCALHOST:5000/shop/api:v1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api__x:v1",
        &format!("registry.example.com:5000/shop/api:v1@{digest}"),
        &format!("api@{digest}"),
    ] {
        assert!(good.parse::<ImageRef>().is_ok(), "{good}");
    }
    for (bad, why) in [
        ("Shop/Api:v1", "small letters"),
        ("Api", "small letters"),
        ("ghcr.io/Shop/api:v1", "small letters"),
        ("shop/api:", "a tag has"),
        ("shop/api:-v1", "a tag has"),
        (":v1", "a repository has"),
        ("shop//api", "a repository has"),
        ("shop/api@sha256:abc", "64 hexadecimal digits"),
        ("https://ghcr.io/x/y:1", "https://"),
        ("localhost:port/api", "a registry is a host"),
    ] {
        let error = bad.parse::<ImageRef>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn an_arn_keeps_the_colons_of_its_resource() {
    let arn: Arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-url"
        .parse()
        .unwrap();
    assert_eq!(
        (arn.service(), arn.account(), arn.resource()),
        ("secretsmanager", "123456789012", "secret:prod/db-url")
    );
}

#[test]
fn keys_of_annotations_and_values_of_labels() {
    for good in ["team", "example.com/Cost_Center", "a.b-c"] {
        assert!(is_annotation_key(good), "{good}");
    }
    for bad in [
        "",
        "cost center",
        "/a",
        "a/",
        "-a",
        "Example/a",
        "a/b/c",
        "a:b",
    ] {
        assert!(!is_annotation_key(bad), "{bad}");
    }
    assert_eq!(label_value("The Shop (old)"), "The_Shop__old");
    assert_eq!(
        label_value(&format!("{}-x", "s".repeat(62))),
        "s".repeat(62)
    );
    assert_eq!(label_value("店"), "");
}

#[test]
fn names_say_which_rule_they_break() {
    let error = "Api".parse::<ServiceName>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Api` is not a service name: only lower-case letters, digits and `-` are allowed"
    );
    assert!("12345678901".parse::<AccountId>().is_err());
    assert!("useast1".parse::<Region>().is_err());
}
