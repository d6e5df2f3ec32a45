//! The folders `YYYY/MM/DD/` below a region, where only some days are wanted: a folder that lies outside of them is not
//! listed, one that lies inside is listed with the region, and one that they cut is looked into by `layout`, so that what
//! somebody put beside the folders of days is seen as well. Inside of them names decide.

use crate::source::selection::Selection;
use crate::timestamp::{day_from_text, month_of};

/// How a folder of dates lies to the days that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Outside,
    Partly,
    Inside,
}

/// The first and the last day of a folder's path behind its region; `None` where that is not made of dates.
fn days_of(path: &str) -> Option<(i32, i32)> {
    let parts: Vec<&str> = path.split_terminator('/').collect();
    let widths = [4, 2, 2];
    let is_part = |(part, width): (&&str, usize)| part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > widths.len() || !parts.iter().zip(widths).all(is_part) {
        return None;
    }
    match parts.as_slice() {
        [] => Some((i32::MIN, i32::MAX)),
        [year] => Some((day_from_text(&format!("{year}-01-01"))?, day_from_text(&format!("{year}-12-31"))?)),
        [year, month] => {
            let first = day_from_text(&format!("{year}-{month}-01"))?;
            Some((first, month_of(first + 31) - 1))
        }
        parts => day_from_text(&parts.join("-")).map(|day| (day, day)),
    }
}

/// How the folder of that path behind its region lies; `None` where it is no folder of dates.
pub(super) fn reach(path: &str, selection: &Selection) -> Option<Reach> {
    let (first, last) = days_of(path)?;
    let (from, until) = selection.listed_days();
    let (from, until) = (from.unwrap_or(i32::MIN), until.unwrap_or(i32::MAX));
    Some(if last < from || until < first {
        Reach::Outside
    } else if from <= first && last <= until {
        Reach::Inside
    } else {
        Reach::Partly
    })
}

/// Whether an object of that path behind its region lies in a folder inside the days, and so is listed with the region.
pub(super) fn is_listed(path: &str, selection: &Selection) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at + 1);
    for end in std::iter::once(0).chain(ends) {
        match reach(&path[..end], selection) {
            Some(Reach::Inside) => return true,
            Some(Reach::Partly) => {}
            Some(Reach::Outside) | None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Selection {
        let day = day_from_text;
        Selection { first_day: day("2025-03-11"), last_day: day("2025-05-02"), ..Selection::default() }
    }

    #[test]
    fn folders_lie_outside_partly_or_inside() {
        let check = |path: &str, expected: Option<Reach>| assert_eq!(reach(path, &window()), expected, "{path}");
        check("", Some(Reach::Partly));
        check("2024/", Some(Reach::Outside));
        check("2025/", Some(Reach::Partly));
        check("2025/02/", Some(Reach::Outside));
        check("2025/03/", Some(Reach::Partly));
        check("2025/04/", Some(Reach::Inside));
        check("2025/03/09/", Some(Reach::Outside));
        check("2025/03/10/", Some(Reach::Inside));
        check("2025/05/03/", Some(Reach::Inside));
        check("2025/05/04/", Some(Reach::Outside));
        check("2025/3/", None);
        check("2025/13/", None);
        check("archive/", None);
        check("2025/03/11/more/", None);
        assert_eq!(reach("", &Selection::default()), Some(Reach::Inside), "no window leaves nothing out");
    }

    #[test]
    fn an_object_is_listed_with_its_region_or_found_beside() {
        let check = |path: &str, expected: bool| assert_eq!(is_listed(path, &window()), expected, "{path}");
        check("2025/03/11/x.json.gz", true);
        check("2025/03/11/more/x.json.gz", true);
        check("2025/04/x.json.gz", true);
        check("2025/03/01/x.json.gz", false);
        check("2025/03/x.json.gz", false);
        check("2025/3/11/x.json.gz", false);
        check("x.json.gz", false);
        check("日本/x", false);
        assert!(is_listed("x.json.gz", &Selection::default()));
    }

    proptest::proptest! {
        #[test]
        fn each_object_is_found_in_one_way(path in "(2025/|2024/|03/|04/|11/|é/|a){0,6}") {
            let _ = is_listed(&path, &window());
            proptest::prop_assert!(is_listed(&path, &Selection::default()));
        }
    }
}
