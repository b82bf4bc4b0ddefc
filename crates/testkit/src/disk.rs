//! A small disk: a file system in memory with so much room, to be filled and freed by a test. Needs root.
//! Knows nothing of what lies on it.

use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How much is taken at once, in bytes: a page of the file system.
const PAGE: usize = 4096;

/// A file system in memory, unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// A disk of so many megabytes.
    ///
    /// # Errors
    /// It cannot be mounted: most often because this is not root.
    pub fn mount(megabytes: u32) -> Result<SmallDisk> {
        let place = tempfile::tempdir()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(place.path());
        let output = mount.output()?;
        if output.status.success() {
            return Ok(SmallDisk(place));
        }
        Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Makes it one that can only be read.
    ///
    /// # Errors
    /// A file on it is open to be written.
    pub fn only_to_be_read(&self) -> Result<()> {
        let output = Command::new("mount").args(["-o", "remount,ro"]).arg(self.0.path()).output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes the disk's room, all of it or up to so many bytes.
    ///
    /// # Errors
    /// The room cannot be taken for another reason than that there is none.
    pub fn fill(&self, most: usize) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.ballast())?;
        for _ in 0..most.div_ceil(PAGE) {
            match ballast.write_all(&[7; PAGE]) {
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                written => written?,
            }
        }
        Ok(())
    }

    /// Gives the room back that was taken.
    ///
    /// # Errors
    /// None was taken.
    pub fn free(&self) -> Result<()> {
        std::fs::remove_file(self.ballast())
    }

    /// The file that takes the room.
    pub fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
