//! What is there, as AWS answers it: the one place that reads an answer about a service, for whoever
//! plans, watches, remembers or tells.

pub(crate) mod definition;
pub(crate) mod described;
mod policy;
pub(crate) mod read;
pub(crate) mod record;
pub(crate) mod scaling;
pub(crate) mod service;
pub(crate) mod stage;
pub(crate) mod tasks;
pub(crate) mod view;
