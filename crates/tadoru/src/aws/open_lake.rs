//! The lake as all requests read it: one snapshot and one engine, opened once, and opened again when somebody has written to the
//! catalog: an ingest, an import, or the endpoint itself. What the engine knows of files outlives the snapshot.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lake::catalog::{Catalog, CatalogError};
use lake::engine::{Engine, EngineLimits};
use lake::snapshot::Snapshot;

/// A lake that stays open.
pub struct OpenLake {
    folder: PathBuf,
    engine: Arc<Engine>,
    state: Mutex<State>,
}

struct State {
    /// A connection of its own, which hears of every commit.
    watch: Catalog,
    /// The snapshot, and the catalog's mark as it was before it was opened.
    open: Option<(i64, Arc<Snapshot>)>,
}

impl OpenLake {
    /// The lake in `folder`, without a snapshot yet.
    ///
    /// # Errors
    /// A catalog that cannot be read.
    pub fn new(folder: &Path) -> Result<Self, CatalogError> {
        let state = State { watch: Catalog::open(folder)?, open: None };
        let engine = Arc::new(Engine::new(EngineLimits::default()));
        Ok(Self { folder: folder.to_owned(), engine, state: Mutex::new(state) })
    }

    /// The newest snapshot.
    ///
    /// # Errors
    /// A catalog that cannot be read.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, CatalogError> {
        let mut state = self.state();
        let mark = state.watch.change_mark()?;
        if let Some((known, snapshot)) = &state.open
            && *known == mark
        {
            return Ok(snapshot.clone());
        }
        // Requests that still read the old one keep it as long as they last.
        state.open = None;
        let snapshot = Arc::new(Snapshot::with_engine(&self.folder, self.engine.clone())?);
        state.open = Some((mark, snapshot.clone()));
        Ok(snapshot)
    }

    /// Lets a snapshot go that is no longer the newest: it keeps SQLite from folding its write-ahead log, which would grow as long as
    /// nobody asks anything.
    pub fn let_go_of_the_past(&self) {
        let mut state = self.state();
        let mark = state.watch.change_mark().ok();
        state.open.take_if(|(known, _)| Some(*known) != mark);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_opened_again_when_the_catalog_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Catalog::open_or_create(folder.path()).unwrap();
        let lake = OpenLake::new(folder.path()).unwrap();
        let first = lake.snapshot().unwrap();
        assert!(Arc::ptr_eq(&first, &lake.snapshot().unwrap()));
        lake.let_go_of_the_past();
        assert!(Arc::ptr_eq(&first, &lake.snapshot().unwrap()), "what is the newest is kept");
        writer.set_setting("as_of", "1").unwrap();
        let setting = |snapshot: &Snapshot| snapshot.read_catalog(|catalog| catalog.setting("as_of")).unwrap();
        let second = lake.snapshot().unwrap();
        assert_eq!((setting(&first), setting(&second).as_deref()), (None, Some("1")));
        let held = Arc::downgrade(&second);
        drop(second);
        writer.set_setting("as_of", "2").unwrap();
        lake.let_go_of_the_past();
        assert!(held.upgrade().is_none(), "nobody holds what is past");
    }
}
