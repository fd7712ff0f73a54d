//! Ways to start the binary: as it is, without privileges, on a small disk.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::services;

/// The program and the words before the binary's own arguments.
#[derive(Clone)]
pub struct Launch(Vec<String>);

impl Launch {
    /// The binary itself.
    #[must_use]
    pub fn plain() -> Self {
        Self(vec![services::binary().display().to_string()])
    }

    /// The binary without root's privileges: root may write where nobody may. The folder gets a copy, because the
    /// build's own may be out of reach.
    #[must_use]
    pub fn unprivileged(folder: &Path) -> Self {
        if !is_root() {
            return Self::plain();
        }
        let copy = folder.join("tacit");
        std::fs::copy(services::binary(), &copy).unwrap();
        for path in [folder, &copy] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", &copy.display().to_string()];
        Self(words.map(str::to_owned).into())
    }

    /// The same with no more open files than this.
    #[must_use]
    pub fn with_files(&self, files: u32) -> Self {
        let script = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        let mut words: Vec<String> = ["sh", "-c", &script].map(str::to_owned).into();
        words.extend(self.0.iter().cloned());
        Self(words)
    }

    /// The same with a file system of this size at `place`, which goes when the process does; `None` where this user
    /// may not mount one. Seen from outside it is `/proc/<pid>/root/<place>`.
    pub async fn on_a_small_disk(&self, place: &Path, size: &str) -> Option<Self> {
        let mount = format!("mount -t tmpfs -o size={size},mode=0777 tmpfs \"$0\"");
        let place = place.display().to_string();
        let mut trial = Command::new("unshare");
        trial.args(["--mount", "sh", "-c", &mount, &place]).stderr(Stdio::null());
        if !trial.status().await.is_ok_and(|status| status.success()) {
            return None;
        }
        let script = format!("{mount} && exec \"$@\"");
        let mut words: Vec<String> = ["unshare", "--mount", "sh", "-c", &script, &place].map(str::to_owned).into();
        words.extend(self.0.iter().cloned());
        Some(Self(words))
    }

    /// `tacit` with these arguments and variables and nothing else of this process's environment.
    pub(crate) fn command(&self, arguments: &[&str], variables: &[(String, String)]) -> Command {
        let (program, before) = self.0.split_first().unwrap();
        let mut command = Command::new(program);
        command.args(before).args(arguments).env_clear().envs(variables.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// Whether this process may do everything.
#[must_use]
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Gives a path, and what is in it, to the user a server without privileges runs as.
pub async fn give_to_nobody(path: &Path) {
    if is_root() {
        assert!(Command::new("chown").arg("-R").arg("nobody:nogroup").arg(path).status().await.unwrap().success());
    }
}
