//! The socket's file: the gateway's own from its first moment to its last.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener as StdListener, UnixStream};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::model::Random;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// Somebody answers there.
    #[error("{0}: somebody listens there already; stop it, or choose another path")]
    InUse(PathBuf),
    /// Something of somebody's.
    #[error("{0}: there is something else than a socket; choose another path")]
    Occupied(PathBuf),
    /// The system says no.
    #[error("{path}: {error}; its folder must be there, and this user must be able to write to it")]
    Refused {
        /// Where.
        path: PathBuf,
        /// Its words.
        error: io::Error,
    },
}

/// Who may open a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The gateway's own user.
    User,
    /// The same, and the file's group: where a proxy is in it.
    Group,
}

impl Who {
    fn mode(self) -> u32 {
        match self {
            Self::User => 0o600,
            Self::Group => 0o660,
        }
    }
}

/// A listening socket; its file is gone when this is dropped.
pub(crate) struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    made: (u64, u64),
    /// Whose it is: the user that this program runs as.
    pub(super) uid: u32,
}

impl Socket {
    /// Listens at `path` for `who`, in place of a socket that nobody listens at any more. Must be called inside a
    /// runtime.
    ///
    /// # Errors
    /// Somebody listens there, or something else is there, or the system refuses.
    pub(crate) fn bind(path: &Path, who: Who, random: &dyn Random) -> Result<Self, SocketError> {
        check_free(path)?;
        Self::made(path, who, random).map_err(|error| SocketError::Refused { path: path.to_owned(), error })
    }

    /// Made in a folder that nobody else can enter, and moved out once it is closed to others: at no moment can
    /// anybody open it who may not.
    fn made(path: &Path, who: Who, random: &dyn Random) -> io::Result<Self> {
        let folder = path.with_file_name(format!(".{}", &random.token()[..8]));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let bound = bound(&folder.join("s"), path, who);
        // Empty by now, or of no use.
        let _ = fs::remove_file(folder.join("s"));
        fs::remove_dir(&folder)?;
        let (listener, metadata) = bound?;
        let listener = UnixListener::from_std(listener)?;
        Ok(Self { listener, path: path.to_owned(), made: identity(&metadata), uid: metadata.uid() })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another gateway's may be there by now.
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| identity(&metadata) == self.made) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn bound(inside: &Path, path: &Path, who: Who) -> io::Result<(StdListener, Metadata)> {
    let listener = StdListener::bind(inside)?;
    fs::set_permissions(inside, Permissions::from_mode(who.mode()))?;
    listener.set_nonblocking(true)?;
    let metadata = fs::symlink_metadata(inside)?;
    fs::rename(inside, path)?;
    Ok((listener, metadata))
}

/// Nothing is there, or a socket at which nobody listens.
fn check_free(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(SocketError::Refused { path: path.to_owned(), error }),
        Ok(metadata) if !metadata.file_type().is_socket() => Err(SocketError::Occupied(path.to_owned())),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(SocketError::Refused { path: path.to_owned(), error }),
            Ok(_) => Err(SocketError::InUse(path.to_owned())),
        },
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::model::SystemRandom;

    /// A folder that everybody may look into; gone in the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("socket-{}", &SystemRandom.token()[..8]));
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
            Self(folder)
        }

        fn path(&self) -> PathBuf {
            self.0.join("control.sock")
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[tokio::test]
    async fn the_socket_is_closed_to_others_at_every_moment() {
        let folder = Folder::new();
        let (path, stop) = (folder.path(), Arc::new(AtomicBool::new(false)));
        let watching = {
            let (path, stop) = (path.clone(), stop.clone());
            std::thread::spawn(move || {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    seen.extend(fs::metadata(&path).map(|metadata| metadata.permissions().mode() & 0o777));
                }
                seen
            })
        };
        for _ in 0..300 {
            drop(Socket::bind(&path, Who::User, &SystemRandom).unwrap());
        }
        let _kept = Socket::bind(&path, Who::User, &SystemRandom).unwrap();
        while !watching.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(20));
            stop.store(true, Ordering::Relaxed);
        }
        let seen = watching.join().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|mode| *mode == 0o600), "{seen:?}");
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_the_file_is_gone_in_the_end() {
        let folder = Folder::new();
        drop(StdListener::bind(folder.path()).unwrap());
        let socket = Socket::bind(&folder.path(), Who::User, &SystemRandom).unwrap();
        assert_eq!(folder.files(), 1);
        drop(socket);
        assert_eq!(folder.files(), 0);
    }

    #[tokio::test]
    async fn a_live_socket_or_any_other_file_is_left_alone() {
        let folder = Folder::new();
        let live = Socket::bind(&folder.path(), Who::User, &SystemRandom).unwrap();
        assert!(matches!(Socket::bind(&folder.path(), Who::User, &SystemRandom), Err(SocketError::InUse(_))));
        assert!(UnixStream::connect(folder.path()).is_ok());
        fs::remove_file(folder.path()).unwrap();
        fs::write(folder.path(), "ours").unwrap();
        assert!(matches!(
            Socket::bind(&folder.path(), Who::User, &SystemRandom),
            Err(SocketError::Occupied(_))
        ));
        drop(live);
        assert_eq!(fs::read_to_string(folder.path()).unwrap(), "ours", "not the file that was made");
        let nowhere = folder.0.join("missing/control.sock");
        assert!(matches!(Socket::bind(&nowhere, Who::User, &SystemRandom), Err(SocketError::Refused { .. })));
    }
}
