//! Whom a person means by a name: an ARN, a user or role, an access key id, a session, an Identity Center user, an account.
//! A name that fits several principals is an error that lists them; nobody is merged because their names are alike. What
//! they did is asked by `activity`, what they used by `access_advisor`.

pub(crate) mod naming;

use iam::arn::Arn;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;

use crate::question_error::QuestionError;
use crate::statement::quote;
use naming::Named;

/// What a name means in the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The principal as the lake stores it: an ARN or `Type:id`.
    Principal(String),
    /// The calls signed with one access key.
    AccessKey(String),
    /// One session of a role or federated user.
    Session {
        /// The role as the lake stores it.
        principal: String,
        /// The name of the session.
        session: String,
    },
    /// A person of Identity Center, whose records appear under several principals.
    IdentityCenterUser {
        /// The principals of the sign-ins themselves: `IdentityCenterUser:…`, and `Unknown:…` of older records.
        principals: Vec<String>,
        /// The user name, which is the session name in the roles of permission sets; `None` where the logs tell only the id.
        user_name: Option<String>,
    },
}

/// An explicit Identity Center user: `IdentityCenterUser:hana`.
const IDENTITY_CENTER: &str = "IdentityCenterUser:";

/// What `text` means in this snapshot; `now_us` is the one *now* of the question.
///
/// # Errors
/// `UnknownPrincipal` with similar names, or `AmbiguousPrincipal` with every principal that fits, each in a form that is
/// understood here.
pub fn resolve(snapshot: &Snapshot, text: &str, now_us: i64) -> Result<Who, QuestionError> {
    let names = Names { snapshot, now_us };
    let who = find(&names, text)?;
    match &who {
        Who::Session { principal, session } if !names.has_session(principal, session)? => {
            Err(QuestionError::UnknownPrincipal { name: text.trim().to_owned(), similar: vec![principal.clone()] })
        }
        _ => Ok(who),
    }
}

/// As `resolve`, but of a session that an ARN names only its role is looked for.
fn find(names: &Names<'_>, text: &str) -> Result<Who, QuestionError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(QuestionError::Input {
            what: "the name is empty".into(),
            try_this: "a user name, ARN, role, access key id, session or Identity Center user".into(),
        });
    }
    if naming::is_access_key_id(text) {
        return match names.exists(&format!("accesskeyid = {}", quote(text)))? {
            true => Ok(Who::AccessKey(text.to_owned())),
            false => Err(unknown(text, &[])),
        };
    }
    let known = names.principals()?;
    if let Some(name) = text.strip_prefix(IDENTITY_CENTER) {
        return match names.identity_center_user(name, &known, &names.sessions(name)?)? {
            Some(who) => Ok(who),
            None => Err(unknown(text, &known)),
        };
    }
    if known.iter().any(|principal| principal == text) {
        return Ok(Who::Principal(text.to_owned()));
    }
    match Arn::parse(text) {
        Some(arn) => names.of_arn(text, &arn, &known),
        None => names.of_name(text, &known),
    }
}

/// Who has the permissions that a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// As the lake stores it.
    pub principal: String,
    /// The session of the role that was named, where no event is of it.
    pub unseen_session: Option<String>,
}

/// The principal that `text` means, as the lake stores it: a user, role, root or other principal by its ARN (a role's also
/// without its path), its name or account id. A session means its role, whether
/// or not there are events of it; an access key whose it is.
///
/// # Errors
/// As `resolve`; and an Identity Center user whose own records are not in the logs has no permissions to speak of.
pub fn resolve_principal(snapshot: &Snapshot, text: &str) -> Result<Holder, QuestionError> {
    // No statement of this file says now().
    let names = Names { snapshot, now_us: 0 };
    let who = find(&names, text)?;
    let unseen_session = match &who {
        Who::Session { principal, session } if !names.has_session(principal, session)? => Some(session.clone()),
        _ => None,
    };
    Ok(Holder { principal: holder_of(&names, text, who)?, unseen_session })
}

fn holder_of(names: &Names<'_>, text: &str, who: Who) -> Result<String, QuestionError> {
    match who {
        Who::Principal(principal) | Who::Session { principal, .. } => Ok(principal),
        Who::IdentityCenterUser { mut principals, .. } if principals.len() == 1 => Ok(principals.remove(0)),
        Who::IdentityCenterUser { principals, .. } if !principals.is_empty() => {
            Err(QuestionError::AmbiguousPrincipal { name: text.to_owned(), candidates: principals })
        }
        Who::IdentityCenterUser { .. } => Err(QuestionError::Input {
            what: format!("`{text}` is an Identity Center user, who has no permissions but those of permission sets"),
            try_this: format!("tadoru activity {text}, then the AWSReservedSSO_ roles that it lists"),
        }),
        Who::AccessKey(key) => {
            let condition = format!("accesskeyid = {}", quote(&key));
            let mut owners =
                names.texts(&format!("SELECT DISTINCT principal FROM events WHERE {condition} ORDER BY 1"))?;
            match owners.len() {
                1 => Ok(owners.remove(0)),
                _ => Err(QuestionError::AmbiguousPrincipal { name: key, candidates: owners }),
            }
        }
    }
}

fn unknown(name: &str, known: &[String]) -> QuestionError {
    QuestionError::UnknownPrincipal { name: name.to_owned(), similar: naming::similar(name, known) }
}

/// One of them, or the error.
fn one_of(name: &str, known: &[String], mut fitting: Vec<String>) -> Result<String, QuestionError> {
    match fitting.len() {
        0 => Err(unknown(name, known)),
        1 => Ok(fitting.remove(0)),
        _ => Err(QuestionError::AmbiguousPrincipal { name: name.to_owned(), candidates: fitting }),
    }
}

struct Names<'s> {
    snapshot: &'s Snapshot,
    now_us: i64,
}

impl Names<'_> {
    /// The first column of a statement's answer, without NULLs.
    fn texts(&self, sql: &str) -> Result<Vec<String>, QuestionError> {
        let answer = self.snapshot.query(sql, self.now_us, Mode::Trusted)?;
        let first = answer.rows.into_iter().filter_map(|row| row.into_iter().next());
        Ok(first.filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None }).collect())
    }

    fn exists(&self, condition: &str) -> Result<bool, QuestionError> {
        let found = self.texts(&format!("SELECT principal FROM events WHERE {condition} LIMIT 1"))?;
        Ok(!found.is_empty())
    }

    fn has_session(&self, principal: &str, session: &str) -> Result<bool, QuestionError> {
        self.exists(&format!("principal = {} AND sessionname = {}", quote(principal), quote(session)))
    }

    fn principals(&self) -> Result<Vec<String>, QuestionError> {
        self.texts("SELECT DISTINCT principal FROM access_daily ORDER BY 1")
    }

    fn of_arn(&self, text: &str, arn: &Arn<'_>, known: &[String]) -> Result<Who, QuestionError> {
        let Some(session) = arn.session_name() else {
            let fitting = known.iter().filter(|principal| naming::is_same_but_for_path(arn, principal));
            return one_of(text, known, fitting.cloned().collect()).map(Who::Principal);
        };
        // A federated user's calls count for the user that asked for the session, so the ARN alone does not name it.
        let of_role = arn.role_name().map(|role| {
            let fitting = known.iter().filter(|principal| naming::is_role_of_account(principal, arn.account, role));
            fitting.cloned().collect::<Vec<_>>()
        });
        let condition = format!("useridentityarn = {}", quote(text));
        let fitting = match of_role {
            Some(roles) if roles.len() == 1 => roles,
            _ => self.texts(&format!("SELECT DISTINCT principal FROM events WHERE {condition} ORDER BY 1"))?,
        };
        let principal = one_of(text, known, fitting)?;
        Ok(Who::Session { principal, session: session.to_owned() })
    }

    fn of_name(&self, name: &str, known: &[String]) -> Result<Who, QuestionError> {
        let Named { mut principals, identity_center } = naming::of_name(name, known);
        let sessions = self.sessions(name)?;
        if !identity_center.is_empty() || sessions.iter().any(|role| naming::is_permission_set_role(role)) {
            match self.identity_center_user(name, known, &sessions)? {
                Some(who) if principals.is_empty() => return Ok(who),
                Some(_) => principals.push(format!("{IDENTITY_CENTER}{name}")),
                None => {}
            }
        }
        if !principals.is_empty() {
            return one_of(name, known, principals).map(Who::Principal);
        }
        let sessions: Vec<String> = sessions.into_iter().filter(|role| !naming::is_permission_set_role(role)).collect();
        match sessions.as_slice() {
            [role] => Ok(Who::Session { principal: role.clone(), session: name.to_owned() }),
            [] => Err(unknown(name, known)),
            roles => Err(QuestionError::AmbiguousPrincipal {
                name: name.to_owned(),
                candidates: roles.iter().map(|role| naming::session_arn(role, name)).collect(),
            }),
        }
    }

    /// The roles that had a session of that name.
    fn sessions(&self, name: &str) -> Result<Vec<String>, QuestionError> {
        let name = quote(name);
        self.texts(&format!("SELECT DISTINCT principal FROM events WHERE sessionname = {name} ORDER BY 1"))
    }

    /// The Identity Center user of that name or id, or `store/id`; `sessions` are the roles with sessions of that name.
    fn identity_center_user(
        &self,
        name: &str,
        known: &[String],
        sessions: &[String],
    ) -> Result<Option<Who>, QuestionError> {
        let literal = quote(name);
        let mut principals = naming::of_name(name, known).identity_center;
        principals.extend(self.texts(&format!(
            "SELECT DISTINCT principal FROM events WHERE username = {literal} AND principaltype = 'IdentityCenterUser'"
        ))?);
        principals.sort();
        principals.dedup();
        if naming::are_several_people(&principals) {
            return Err(QuestionError::AmbiguousPrincipal { name: name.to_owned(), candidates: principals });
        }
        if sessions.iter().any(|role| naming::is_permission_set_role(role)) {
            return Ok(Some(Who::IdentityCenterUser { principals, user_name: Some(name.to_owned()) }));
        }
        if principals.is_empty() {
            return Ok(None);
        }
        let list = principals.iter().map(|principal| quote(principal)).collect::<Vec<_>>().join(", ");
        let mut said = self.texts(&format!(
            "SELECT DISTINCT username FROM events WHERE principal IN ({list}) AND username <> '' ORDER BY 1"
        ))?;
        // Two names for one id: it was renamed, and which sessions are whose cannot be told.
        let user_name = if said.len() == 1 { Some(said.remove(0)) } else { None };
        Ok(Some(Who::IdentityCenterUser { principals, user_name }))
    }
}
