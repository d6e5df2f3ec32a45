//! The everyday noise: robots that make most events, and people whose calls follow Zipf.
//! An event is drawn from its place alone; how many there are and which file carries them is `delivery`'s matter.

use crate::account::{ACCOUNTS, GLOBAL_REGION};
use crate::call::{self, Call};
use crate::caller::{self, Caller, IdentityType};
use crate::event::{Event, Outcome};
use crate::random::{Random, Weighted, name_seed};

/// Who may act in each account, and what each of them calls.
#[derive(Debug)]
pub(crate) struct Background {
    accounts: Vec<Crew>,
}

#[derive(Debug)]
struct Crew {
    robots: Vec<Habit>,
    robot_shares: Weighted,
    people: Vec<Habit>,
    people_shares: Weighted,
}

#[derive(Debug)]
struct Habit {
    caller: &'static Caller,
    anywhere: Choice,
    /// With the global services, which answer in one region only.
    global_region: Choice,
}

#[derive(Debug)]
struct Choice {
    calls: Vec<&'static Call>,
    shares: Weighted,
}

impl Background {
    pub fn new() -> Self {
        let accounts = (0..ACCOUNTS.len()).map(Crew::new).collect();
        Self { accounts }
    }

    /// The event at `place`, delivered with `stamp`.
    pub fn draw<'a>(&self, account: usize, region: &'a str, stamp: i64, place: &[u64]) -> Event<'a> {
        let mut random = Random::new(place);
        let key = random.next();
        let time = stamp - 20 - i64::from(random.below(570));
        let crew = &self.accounts[account];
        let robot = random.permille(ACCOUNTS[account].robot_permille);
        let (habits, shares) =
            if robot { (&crew.robots, &crew.robot_shares) } else { (&crew.people, &crew.people_shares) };
        let habit = &habits[shares.draw(&mut random)];
        let choice = if region == GLOBAL_REGION { &habit.global_region } else { &habit.anywhere };
        let call = choice.calls[choice.shares.draw(&mut random)];
        let outcome = outcome(habit.caller, &mut random);
        Event { account, region, time, caller: habit.caller, call, outcome, key, detail: None }
    }
}

impl Crew {
    fn new(account: usize) -> Self {
        let here = || caller::all().iter().filter(move |caller| caller.account == account && caller.background);
        let robots: Vec<&Caller> = here().filter(|caller| caller.robot_weight > 0).collect();
        let people: Vec<&Caller> = here().filter(|caller| caller.robot_weight == 0).collect();
        Self {
            robot_shares: Weighted::new(robots.iter().map(|robot| robot.robot_weight)),
            robots: robots.into_iter().map(Habit::new).collect(),
            people_shares: Weighted::zipf(people.len()),
            people: people.into_iter().map(Habit::new).collect(),
        }
    }
}

impl Habit {
    fn new(caller: &'static Caller) -> Self {
        let anywhere = Choice::new(caller, |call| !call.is_global());
        Self { caller, anywhere, global_region: Choice::new(caller, |_| true) }
    }
}

/// People share one ranking of operations, but each has favourites of their own among the first dozen.
const FAVOURITES: usize = 12;

impl Choice {
    fn new(caller: &'static Caller, allowed: impl Fn(&Call) -> bool) -> Self {
        if !caller.calls.is_empty() {
            let listed = caller.calls.iter().map(|(name, weight)| (call::find(name), *weight));
            let (calls, weights): (Vec<_>, Vec<_>) = listed.filter(|(call, _)| allowed(call)).unzip();
            return Self { calls, shares: Weighted::new(weights) };
        }
        let reader = caller.name.contains("ReadOnly");
        let mut calls: Vec<&Call> =
            call::all().iter().filter(|call| call.background && allowed(call) && (call.read_only || !reader)).collect();
        let turn = (name_seed(caller.name) ^ name_seed(caller.session)) as usize % FAVOURITES;
        calls[..FAVOURITES].rotate_left(turn);
        let shares = Weighted::zipf(calls.len());
        Self { calls, shares }
    }
}

/// About one call in ten fails, six in ten of those for want of permission.
fn outcome(caller: &Caller, random: &mut Random) -> Outcome {
    let failing = match caller.identity {
        IdentityType::Service => 10,
        _ if caller.robot_weight > 0 => 96,
        _ => 140,
    };
    if !random.permille(failing) {
        Outcome::Ok
    } else if random.permille(600) {
        Outcome::Denied
    } else {
        Outcome::Error
    }
}
