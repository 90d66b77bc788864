//! placeholder until parse lands
#![allow(missing_docs)]
use crate::dialect::Engine;
use crate::model::*;
use std::sync::Arc;
#[derive(Debug, thiserror::Error)]
#[error("e")]
pub struct ParseError;
pub fn script(_: Engine, _: &str, text: Arc<String>) -> Result<Script, ParseError> {
    Ok(Script {
        span: 0..text.len(),
        statements: vec![Statement {
            span: 0..text.len(),
            line: 1,
            kind: StatementKind::Ddl,
            autocommit: false,
            copy_data: None,
        }],
        source: text,
        directives: Directives::default(),
    })
}
pub fn portable(script: &Script) -> String {
    script.text().to_string()
}
