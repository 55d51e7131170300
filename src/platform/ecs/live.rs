//! What is there, as AWS answers it: the one place that reads an answer about a service, for whoever
//! plans, watches, remembers or tells.

pub mod definition;
pub mod read;
pub mod record;
pub mod scaling;
pub mod service;
pub mod tasks;
pub mod view;
