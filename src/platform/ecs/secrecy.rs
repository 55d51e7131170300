//! Which literals may be secrets: those are never shown. Pure.

/// Words in a variable's name that say so.
const NAMES: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "PRIVATE",
    "CREDENTIAL",
    "KEY",
    "AUTH",
];

/// Beginnings of values of a known shape.
const SHAPES: [&str; 8] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "github_pat_",
    "xoxb-",
    "sk_live_",
    "eyJ",
    "-----BEGIN",
];

/// Whether this variable may hold a secret, by its name or by the shape of its value.
pub fn may_be_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.iter().any(|word| name.contains(word))
        || SHAPES.iter().any(|shape| value.starts_with(shape))
        || has_password(value)
}

/// Whether it is a URL with a password in it: `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_shapes_and_urls_give_secrets_away() {
        assert!(may_be_secret("db_password", "x"));
        assert!(may_be_secret("THING", "AKIAIOSFODNN7EXAMPLE"));
        assert!(may_be_secret(
            "DATABASE_URL",
            "postgres://app:hunter2@db/app"
        ));
        assert!(!may_be_secret("DATABASE_URL", "postgres://db/app"));
        assert!(!may_be_secret("ENVIRONMENT", "production"));
    }
}
