//! From the program to the table, the page and the pictures, with one round: the figures mean nothing, that there are any does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
    command
}

#[test]
fn a_run_of_one_round_gives_a_table_a_page_and_pictures() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder).unwrap();
    let figures = output(Command::new(env!("CARGO_BIN_EXE_tacit-bench")).arg("1"));
    fs::write(folder.join("arithmetic.json"), &figures).unwrap();

    let table = output(python("table.py").arg(&folder).arg("arithmetic"));
    for row in ["aws-lc, constant time", "crypto-bigint, comb", "crate srp 0.6 as used", "A·v^u, by a comb"] {
        assert!(table.lines().any(|line| line.starts_with(row)), "no row {row:?} in\n{table}");
    }

    let page = folder.join("performance.md");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md"), &page).unwrap();
    output(python("document.py").arg(&folder).arg(&page));
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("; 1 rounds;"), "the figures of this run are not in\n{text}");
    let picture = fs::read_to_string(folder.join("performance/arithmetic.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("crypto-bigint, comb"), "{picture}");
}
