//! Takes out of the wasm what only a panic needs.
//!
//! A panic ends the worker by a trap, and nobody hears what it has to say: a browser has no standard error. Yet the texts'
//! machinery is two fifths of what the compiler gives. So whatever a panic begins with becomes the trap at once. Nothing
//! else may lose by it: formatting that anything but a panic calls is an error here.

use std::collections::HashSet;

use walrus::ir::{InstrLocId, Unreachable, Visitor, dfs_in_order};
use walrus::{FunctionId, Module};

/// In names of functions that do not return.
const ENDS: &[&str] = &[
    "panicking::",
    "begin_panic",
    "rust_panic",
    "rust_begin_unwind",
    "slice_error_fail",
    "slice_index_fail",
    "len_mismatch_fail",
    "unwrap_failed",
    "expect_failed",
    "alloc_error",
    "::handle_error",
    "capacity_overflow",
];

/// In names of functions that write texts.
const FORMATTING: &[&str] = &["::fmt::"];

/// Makes traps of panics, and of all formatting.
///
/// # Errors
/// Names who formats something without a panic.
pub fn silence(module: &mut Module) -> Result<(), String> {
    let (ends, formatting) = (named(module, ENDS), named(module, FORMATTING));
    let mut others = Vec::new();
    for (caller, function) in module.funcs.iter_local().filter(|(id, _)| !ends.contains(id) && !formatting.contains(id))
    {
        let mut callees = Callees(HashSet::new());
        dfs_in_order(&mut callees, function, function.entry_block());
        let used = callees.0.intersection(&formatting).filter(|callee| !ends.contains(callee));
        others.extend(used.map(|callee| format!("{} calls {}", name(module, caller), name(module, *callee))));
    }
    if !others.is_empty() {
        others.sort();
        return Err(format!("formatting without a panic:\n{}", others.join("\n")));
    }
    for id in ends.union(&formatting) {
        let function = module.funcs.get_mut(*id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        function.block_mut(entry).instrs = vec![(Unreachable {}.into(), InstrLocId::default())];
    }
    walrus::passes::gc::run(module);
    Ok(())
}

struct Callees(HashSet<FunctionId>);

impl<'instr> Visitor<'instr> for Callees {
    fn visit_function_id(&mut self, id: &FunctionId) {
        self.0.insert(*id);
    }
}

fn named(module: &Module, parts: &[&str]) -> HashSet<FunctionId> {
    let local = module.funcs.iter_local().map(|(id, _)| id);
    local.filter(|id| parts.iter().any(|part| name(module, *id).contains(part))).collect()
}

fn name(module: &Module, id: FunctionId) -> &str {
    module.funcs.get(id).name.as_deref().unwrap_or_default()
}
