//! Truth in three values: what depends on something that is not known is neither true nor false.

use std::ops::Not;

/// True, false, or dependent on what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// Whatever the unknown is, it is true.
    True,
    /// Whatever the unknown is, it is false.
    False,
    /// It depends.
    Unknown,
}

impl Truth {
    /// True if all are; false as soon as one is.
    pub fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        let mut sum = Truth::True;
        for truth in truths {
            match truth {
                Truth::False => return Truth::False,
                Truth::Unknown => sum = Truth::Unknown,
                Truth::True => {}
            }
        }
        sum
    }

    /// True as soon as one is; false if all are.
    pub fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        !Truth::all(truths.into_iter().map(Not::not))
    }
}

impl Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Truth::True } else { Truth::False }
    }
}
