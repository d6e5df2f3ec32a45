//! The organisation's four accounts, the regions they work in and how busy each is.
//! Busyness is relative weight: how many events that makes is decided in `delivery`.

pub(crate) const ORGANIZATION_ID: &str = "o-tadorusmpl";
pub(crate) const IDENTITY_STORE_ID: &str = "d-9567a1b2c3";
/// Identity Center's home region: sign-ins of the whole organisation are recorded here, in the management account.
pub(crate) const HOME_REGION: &str = "ap-northeast-1";
/// IAM and other global services are recorded here alone.
pub(crate) const GLOBAL_REGION: &str = "us-east-1";

pub(crate) const MANAGEMENT: usize = 0;
pub(crate) const PRODUCTION: usize = 1;
pub(crate) const DEVELOPMENT: usize = 2;
pub(crate) const LOG_ARCHIVE: usize = 3;

pub(crate) struct Account {
    pub id: &'static str,
    pub name: &'static str,
    /// Share of the organisation's background events.
    pub weight: u32,
    /// How many of 1,000 background events its robots make.
    pub robot_permille: u32,
    pub regions: &'static [Region],
}

pub(crate) struct Region {
    pub name: &'static str,
    pub weight: u32,
    /// Delivers at least half-hourly, even where that makes files of a few events.
    pub steady: bool,
}

const fn region(name: &'static str, weight: u32, steady: bool) -> Region {
    Region { name, weight, steady }
}

pub(crate) static ACCOUNTS: [Account; 4] = [
    Account {
        id: "111111111111",
        name: "management",
        weight: 9,
        robot_permille: 700,
        regions: &[region("ap-northeast-1", 60, true), region("us-east-1", 40, true)],
    },
    Account {
        id: "222222222222",
        name: "production",
        weight: 62,
        robot_permille: 860,
        regions: &[
            region("ap-northeast-1", 52, true),
            region("eu-west-1", 20, true),
            region("sa-east-1", 1, false),
            region("us-east-1", 25, true),
            region("us-west-2", 2, false),
        ],
    },
    Account {
        id: "333333333333",
        name: "development",
        weight: 22,
        robot_permille: 640,
        regions: &[
            region("ap-northeast-1", 45, true),
            region("ap-southeast-1", 2, false),
            region("eu-west-1", 13, false),
            region("us-east-1", 40, true),
        ],
    },
    Account {
        id: "444444444444",
        name: "log-archive",
        weight: 7,
        robot_permille: 930,
        regions: &[region("ap-northeast-1", 40, false), region("eu-west-1", 20, false), region("us-east-1", 40, false)],
    },
];
