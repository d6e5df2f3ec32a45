//! Undoes the compression of one object that is too large for memory, piece by piece as it is read. It decides as
//! `inflater` does: none, one or two layers of gzip, the same limits, and the outer layer is judged first.
//! What comes out is only worth something once `finish` has found the object sound.

use crate::log_file::Limits;
use crate::log_file::gzip_stream::{GzipStream, Layer, is_gzip};
use crate::log_file::inflater::{Inflated, nested};
use crate::reject::{Reason, Reject, Warning};

/// One object on its way through.
pub struct ObjectStream {
    object_len: usize,
    limits: Limits,
    is_named_gz: bool,
    /// The first bytes, until they say what the object is.
    head: Vec<u8>,
    content: Content,
}

enum Content {
    Unknown,
    Plain(usize),
    Gzip(Box<Layers>),
}

struct Layers {
    outer: GzipStream,
    inner: Inner,
}

/// What the outer layer holds.
enum Inner {
    /// So few bytes came out yet.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<GzipStream>, Vec<u8>),
    /// Broken, which counts only if the outer layer is whole.
    Failed((Reason, String)),
}

const MAGIC: usize = 2;

impl ObjectStream {
    /// A stream of an object with `object_len` stored bytes.
    pub fn new(object_len: usize, name: &str, limits: Limits) -> Self {
        let is_named_gz = name.ends_with(".gz");
        Self { object_len, limits, is_named_gz, head: Vec::new(), content: Content::Unknown }
    }

    /// Takes the next stored bytes and hands on what comes out of them.
    pub fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), Reject> {
        self.push_bytes(bytes, out).map_err(|fault| self.reject(fault))
    }

    fn push_bytes(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Layer<()> {
        if let Content::Unknown = self.content {
            self.head.extend_from_slice(bytes);
            if self.head.len() < MAGIC {
                return Ok(());
            }
            let head = std::mem::take(&mut self.head);
            self.content = self.recognise(&head);
            return self.push_known(&head, out);
        }
        self.push_known(bytes, out)
    }

    fn recognise(&self, head: &[u8]) -> Content {
        if !is_gzip(head) {
            return Content::Plain(0);
        }
        let outer = GzipStream::new(self.object_len, self.limits);
        Content::Gzip(Box::new(Layers { outer, inner: Inner::Unknown(Vec::new()) }))
    }

    fn push_known(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Layer<()> {
        match &mut self.content {
            Content::Unknown => Ok(()),
            Content::Plain(length) => {
                *length += bytes.len();
                if *length > self.limits.inflated_bytes {
                    return Err((Reason::DecompressedLimit, format!("{} plain bytes", self.object_len)));
                }
                out(bytes);
                Ok(())
            }
            Content::Gzip(layers) => {
                let Layers { outer, inner } = &mut **layers;
                let (object_len, limits) = (self.object_len, self.limits);
                outer.push(bytes, &mut |piece| inner.push(piece, object_len, limits, out))
            }
        }
    }

    /// Ends the object. Only now it is known to be sound, and what came out of it may be taken.
    pub fn finish(mut self, out: &mut dyn FnMut(&[u8])) -> Result<Inflated, Reject> {
        let content = std::mem::replace(&mut self.content, Content::Unknown);
        self.finish_content(content, out).map_err(|fault| self.reject(fault))
    }

    fn finish_content(&self, content: Content, out: &mut dyn FnMut(&[u8])) -> Layer<Inflated> {
        let mut inflated = Inflated::default();
        match content {
            Content::Unknown if self.head.is_empty() => {
                return Err((Reason::EmptyObject, "zero bytes".to_owned()));
            }
            Content::Unknown => out(&self.head),
            Content::Plain(_) => {}
            Content::Gzip(layers) => {
                layers.outer.finish()?;
                match layers.inner {
                    Inner::Unknown(few) => out(&few),
                    Inner::Plain => {}
                    Inner::Gzip(inner, head) => {
                        let length = inner.inflated_bytes();
                        inner.finish()?;
                        if length == 0 || is_gzip(&head) {
                            return Err(nested());
                        }
                        inflated.warnings.push(Warning::DoubleGzip);
                    }
                    Inner::Failed(fault) => return Err(fault),
                }
                return Ok(inflated);
            }
        }
        if self.is_named_gz {
            inflated.warnings.push(Warning::NotCompressed);
        }
        Ok(inflated)
    }

    fn reject(&self, (reason, detail): (Reason, String)) -> Reject {
        Reject::of_file(reason, self.object_len, detail)
    }
}

impl Inner {
    fn push(&mut self, piece: &[u8], object_len: usize, limits: Limits, out: &mut dyn FnMut(&[u8])) {
        match self {
            Inner::Unknown(few) => {
                few.extend_from_slice(piece);
                if few.len() < MAGIC {
                    return;
                }
                let few = std::mem::take(few);
                *self = match is_gzip(&few) {
                    true => Inner::Gzip(Box::new(GzipStream::new(object_len, limits)), Vec::new()),
                    false => Inner::Plain,
                };
                self.push(&few, object_len, limits, out);
            }
            Inner::Plain => out(piece),
            Inner::Gzip(inner, head) => {
                let pushed = inner.push(piece, &mut |piece| {
                    head.extend(piece.iter().take(MAGIC - head.len()));
                    out(piece);
                });
                if let Err(fault) = pushed {
                    *self = Inner::Failed(fault);
                }
            }
            Inner::Failed(_) => {}
        }
    }
}
