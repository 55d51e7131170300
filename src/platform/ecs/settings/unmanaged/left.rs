//! What is found that the file format has no word for. Pure.

/// What has been found so far.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Where the next is: the first part of its path.
    pub(crate) at: String,
    /// By path: the value is for comparing.
    pub(crate) found: Vec<(String, String)>,
}

impl Left {
    /// Notes that there is something.
    pub(crate) fn add(&mut self, name: &str, value: &impl std::fmt::Debug) {
        self.found
            .push((format!("{}{name}", self.at), format!("{value:?}")));
    }

    /// Notes a list that is not empty.
    pub(crate) fn list<T: std::fmt::Debug>(&mut self, name: &str, list: &[T]) {
        if !list.is_empty() {
            self.add(name, &list);
        }
    }

    /// Notes a value that is there.
    pub(crate) fn some<T: std::fmt::Debug>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// False and absent are the same.
    pub(crate) fn flag(&mut self, name: &str, value: Option<bool>) {
        if value == Some(true) {
            self.add(name, &true);
        }
    }
}
