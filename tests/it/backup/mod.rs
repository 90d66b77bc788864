//! Backups: taken, kept, verified and restored.

mod fixture;
mod keeping;
mod killed;
mod lasting;
mod programs;
mod restoring;
mod secrets;
mod taking;
