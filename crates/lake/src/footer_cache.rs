//! The footers and page indexes of files that an engine has read. A file of the lake never changes, so neither do they;
//! reading them anew would be most of what a question for a needle costs. The scan of `lake_table` reads through it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::error::Result;
use datafusion::execution::cache::cache_manager::{CacheManagerConfig, CachedFileMetadataEntry, FileMetadataCache};
use datafusion::execution::cache::default_cache::DefaultCache;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

/// Bytes that are kept, beside the memory of the statements: some hundred compacted files.
const KEPT_BYTES: usize = 128 << 20;

/// What is kept; cheap to clone.
#[derive(Clone)]
pub(crate) struct FooterCache(Arc<DefaultCache<Path, CachedFileMetadataEntry>>);

impl Default for FooterCache {
    fn default() -> Self {
        Self(Arc::new(DefaultCache::new(KEPT_BYTES)))
    }
}

impl FooterCache {
    /// The caches of a statement's session: this one.
    pub(crate) fn config(&self) -> CacheManagerConfig {
        let cache: Arc<FileMetadataCache> = self.0.clone();
        CacheManagerConfig::default().with_file_metadata_cache(Some(cache)).with_metadata_cache_limit(KEPT_BYTES)
    }
}

/// Opens files so that what their footers say comes from the cache, page index included: the scan asks for it only after
/// it has seen the footer, and would then read it each time.
#[derive(Debug)]
pub(crate) struct FooterReaderFactory(CachedParquetFileReaderFactory);

impl FooterReaderFactory {
    /// Reads files of `store` through `cache`.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, cache: Arc<FileMetadataCache>) -> Self {
        Self(CachedParquetFileReaderFactory::new(store, cache))
    }
}

impl ParquetFileReaderFactory for FooterReaderFactory {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let reader = self.0.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(WholeFooterReader(reader)))
    }
}

struct WholeFooterReader(Box<dyn AsyncFileReader + Send>);

impl AsyncFileReader for WholeFooterReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        self.0.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        self.0.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        let options = options.cloned().unwrap_or_default().with_page_index_policy(PageIndexPolicy::Optional);
        Box::pin(async move { self.0.get_metadata(Some(&options)).await })
    }
}
