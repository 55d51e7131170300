//! Values that may be secrets are never shown, wherever they stand and whatever is wrong around
//! them.

use proptest::prelude::*;

use super::{Arguments, ECS, ecs, load_with, read, told, with};

/// So unlike anything else that finding it in an output is finding it leaked.
const PEARL: &str = "Zq7xPearl9wVv3";

/// Everything that could be printed about a refusal.
fn printed(deploy: &str, target: &str) -> String {
    let arguments = Arguments {
        environment: vec![("PEARL", PEARL)],
        ..Arguments::default()
    };
    match load_with(deploy, target, &arguments) {
        // Whether an answer without problems may be printed is another test's question.
        Ok(_) => String::new(),
        Err(problems) => {
            let json = serde_json::to_string(&problems).unwrap();
            format!(
                "{}\n{}\n{json}\n{problems:?}",
                problems.render(false),
                problems.render(true)
            )
        }
    }
}

/// Files in which the pearl stands where a secret may stand.
fn places() -> Vec<String> {
    let mut places = vec![
        with(&format!("env = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!("env = {{ DB = \"postgres://u:{PEARL}@db/x\" }}\n")),
        with(&format!(
            "env = {{ DB_PASSWORD = \"\"\"\n{PEARL}\n\"\"\" }}\n"
        )),
        with(&format!("environment = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!("secrets = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!(
            "secrets = {{ DB_PASSWORD = {{ arn = \"{PEARL}\" }} }}\n"
        )),
        with(&format!(
            "secrets = {{ DB_PASSWORD = {{ value = \"{PEARL}\" }} }}\n"
        )),
        with(&format!(
            "[service.api.env]\nimage = \"{PEARL}\"\nport = \"{PEARL}\"\n"
        )),
        with(&format!(
            "[service.api.sidecar.log]\nimage = \"x\"\nenv.DB_PASSWORD = \"{PEARL}\"\n"
        )),
        with(&format!("command = [\"--url=redis://:{PEARL}@cache\"]\n")),
        with("env = { DB_PASSWORD = \"${PEARL}\" }\n"),
    ];
    // The same in files that cannot be read: the caret may fall on any of these lines.
    for place in places.clone() {
        places.push(place.replacen(&format!("{PEARL}\""), PEARL, 1));
        places.push(place.replacen("project = \"shop\"", "project = \"shop", 1));
        places.push(format!("{place}\n[[\n= \n"));
    }
    places
}

#[test]
fn a_value_that_may_be_secret_is_never_printed() {
    for place in places() {
        let printed = printed(&place, ECS);
        assert!(!printed.contains(PEARL), "{place}\n---\n{printed}");
    }
}

/// What was a value once is no less secret for being commented out.
#[test]
fn a_comment_beside_something_wrong_is_not_printed() {
    for line in [
        format!("port ={{}}# \"{PEARL}\""),
        format!("port = \"#\" # {PEARL}"),
        format!("port = '\\'# {PEARL}"),
        format!("port = \"\\\"#\" # {PEARL}"),
        format!("port = \"\"\"#\"\"\"\"\"# {PEARL}"),
        format!("port = '''\n# no comment\n'''# {PEARL}"),
        format!("port = [ # {PEARL}\n 1, # {PEARL}\n ]# {PEARL}"),
        format!("[service.web] # {PEARL}"),
        format!("# {PEARL}\nport = true #{PEARL}"),
    ] {
        let printed = printed(&with(&format!("{line}\n")), ECS);
        assert!(printed.contains("-->"), "{line}\n---\n{printed}");
        assert!(!printed.contains(PEARL), "{line}\n---\n{printed}");
    }
}

#[test]
fn what_is_wrong_is_shown_beside_a_veiled_comment() {
    let printed = printed(&with("port = \"#80\" # an id: é\n"), ECS);
    assert!(printed.contains("port = \"#80\" # ********"), "{printed}");
}

#[test]
fn a_masked_value_is_not_in_the_debug_form_either() {
    let deploy = with(&format!("env = {{ DB_PASSWORD = \"{PEARL}\" }}\n"));
    let loaded = read(&deploy).unwrap();
    assert_eq!(ecs(&loaded).main().env["DB_PASSWORD"].expose(), PEARL);
    assert!(!format!("{loaded:?}").contains(PEARL));
}

#[test]
fn a_targets_variables_are_as_private() {
    let deploy = with("env = { DB_PASSWORD = \"${DB}\" }\n");
    for target in [
        format!("{ECS}vars = {{ DB = \"{PEARL}\" }}\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL}\" }}\nunknown = 1\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL}\", OTHER = \"${{NO}}\" }}\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL} }}\n"),
        format!("{ECS}[vars]\nDB = \"{PEARL}\"\nregion = {PEARL}\n"),
    ] {
        let printed = printed(&deploy, &target);
        assert!(!printed.contains(PEARL), "{target}\n---\n{printed}");
    }
}

proptest! {
    /// Breaking a file anywhere does not bring a secret to light.
    #[test]
    fn no_damage_uncovers_a_secret(place in 0..11_usize, at in any::<usize>(), junk in "[\\[\\]{}=\"'#\n,.a]{1,3}") {
        let mut text = places()[place].clone();
        let pearl = text.find(PEARL).unwrap_or(0);
        let mut at = at % (text.len() + 1);
        // Damage around the secret, not within it: what is left of one is another text.
        if at > pearl && at < pearl + PEARL.len() {
            at = pearl + PEARL.len();
        }
        text.insert_str(at, &junk);
        let printed = printed(&text, ECS);
        prop_assert!(!printed.contains(PEARL), "{}\n---\n{}", text, printed);
    }
}

#[test]
fn a_vouched_name_may_hold_what_looks_like_a_secret() {
    let refused = with("env = { URL = \"redis://:pw@cache\" }\n");
    assert_eq!(
        told(&read(&refused)),
        ["secret-literal: `URL` holds a password in a URL"]
    );
    let loaded = read(&with(
        "env = { URL = \"redis://:pw@cache\" }\nallow_plain = [\"URL\"]\n",
    ))
    .unwrap();
    let literal = &ecs(&loaded).main().env["URL"];
    assert!(literal.is_sensitive());
    assert_eq!(literal.expose(), "redis://:pw@cache");
}

#[test]
fn what_came_from_a_promising_variable_is_masked() {
    let arguments = Arguments {
        environment: vec![("DB_PASSWORD", "x"), ("MODE", "y")],
        allow_env: vec!["DB_PASSWORD", "MODE"],
        ..Arguments::default()
    };
    let target = format!("{ECS}vars = {{ DB = \"${{DB_PASSWORD}}\" }}\n");
    let deploy = with("env = { A = \"${DB}\", B = \"${MODE}\" }\n");
    let loaded = load_with(&deploy, &target, &arguments).unwrap();
    let env = &ecs(&loaded).main().env;
    assert!(env["A"].is_sensitive() && !env["B"].is_sensitive());
}

#[test]
fn what_a_promising_variable_brought_is_known_wherever_it_is_used() {
    let deploy = with("command = [\"run\", \"--password=${DB_PASSWORD}\"]\nuser = \"${PLAIN}\"\n");
    let arguments = Arguments {
        environment: vec![("DB_PASSWORD", PEARL), ("PLAIN", "1000")],
        allow_env: vec!["DB_PASSWORD", "PLAIN"],
        ..Arguments::default()
    };
    let loaded = load_with(&deploy, ECS, &arguments).unwrap();
    assert_eq!(loaded.private, [PEARL]);
}

/// The notes about masked literals.
fn masked(more: &str) -> Vec<String> {
    let arguments = Arguments {
        environment: vec![("DEPLOY_TOKEN", "x")],
        ..Arguments::default()
    };
    let loaded = load_with(&with(more), ECS, &arguments).unwrap();
    let notes = loaded.notes.into_iter();
    let told = notes.filter(|note| note.code == crate::spec::MASKED);
    told.map(|note| note.message).collect()
}

#[test]
fn a_literal_that_is_masked_is_said_with_its_service_and_the_reason() {
    let digits = "9f86d081884c7d65".repeat(8);
    for (name, value, why) in [
        ("DIGEST", digits.as_str(), "it looks like a key"),
        ("SESSION_SECRET", "no", "its name promises a secret"),
        ("DB_PASS", "no", "its name promises a secret"),
    ] {
        let told = masked(&format!("env = {{ {name} = \"{value}\" }}\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        let words = format!("api: the value of `{name}` in `env` is masked");
        assert!(
            told[0].starts_with(&words) && told[0].contains(why),
            "{told:?}"
        );
        assert!(!told[0].contains(&digits), "{told:?}");
    }
    let sidecar = "[service.api.sidecar.log]\nimage = \"x:1\"\nenv.LOG_TOKEN = \"no\"\n";
    assert_eq!(masked(sidecar).len(), 1);
}

#[test]
fn nothing_is_said_of_what_is_vouched_for_or_brought_by_a_variable() {
    for more in [
        "env = { MODE = \"production\", DB_PASS = \"\" }\n",
        "env = { DB_PASS = \"no\" }\nallow_plain = [\"DB_PASS\"]\n",
        "env = { DB_PASS = \"${DEPLOY_TOKEN}\" }\n",
    ] {
        assert_eq!(masked(more), [""; 0], "{more}");
    }
}

#[test]
fn a_truth_is_no_secret() {
    let problems = read(&with("service_connect = true\n")).unwrap_err();
    let drawn = problems.render(false);
    assert!(drawn.contains("service_connect = true"), "{drawn}");
}
