//! placeholder
#![allow(missing_docs)]
#[derive(Debug)]
pub struct Notice;
