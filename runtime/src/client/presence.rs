//! Notices of who is in a channel, and the events that follow.

use super::{core::Core, members::Members};
use crate::{
    DecodeError, DecodeErrorKind, Member, PresenceInfo, Side,
    calls::Entry,
    descriptor::PresenceDescriptor,
    system::{Head, MemberNotice, PresenceKind, PresenceNotice, Role},
};
use handfast_naming::key;

/// Something that happened to the members of a channel. `I` is what the server says of each.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PresenceEvent<I> {
    /// The server has listed the members: after a join, and after the channel was joined again. What has changed since the last list was
    /// reported before.
    Listed,
    /// A session joined.
    Joined(Member<I>),
    /// What the server says of a member has changed.
    Updated(Member<I>),
    /// A member has lost its connection, and may come back.
    Away(Member<I>),
    /// A member has a connection again.
    Back(Member<I>),
    /// A member left, or its session has ended.
    Left(Member<I>),
}

impl<I: PresenceInfo> PresenceEvent<I> {
    pub(super) fn typed(kind: PresenceKind, member: Option<MemberNotice>) -> Option<Self> {
        if kind == PresenceKind::List {
            return Some(Self::Listed);
        }
        let member = typed(&member?)?;
        Some(match kind {
            PresenceKind::List => Self::Listed,
            PresenceKind::Join => Self::Joined(member),
            PresenceKind::Update => Self::Updated(member),
            PresenceKind::Away => Self::Away(member),
            PresenceKind::Back => Self::Back(member),
            PresenceKind::Leave => Self::Left(member),
        })
    }
}

/// A member, whose info was validated when it was received.
pub(super) fn typed<I: PresenceInfo>(member: &MemberNotice) -> Option<Member<I>> {
    Some(Member {
        id: member.id.clone(),
        principal: member.principal.clone(),
        away: member.away,
        info: I::read(member.info.as_deref().map(|info| info.get()))?,
    })
}

/// Removes the members whose info is not valid. Returns what was wrong with the first.
fn check(
    notice: &mut PresenceNotice<'_>,
    presence: &PresenceDescriptor,
    content: Option<&str>,
) -> Result<(), DecodeErrorKind> {
    let whole = matches!(
        notice.kind,
        PresenceKind::List | PresenceKind::Join | PresenceKind::Update
    );
    let Some(validate) = presence.info.filter(|_| whole) else {
        return Ok(());
    };
    let is_list = notice.kind == PresenceKind::List;
    let (mut index, mut wrong) = (0, Ok(()));
    notice.members.retain(|member| {
        let info = member.info.as_deref().map_or("null", |info| info.get());
        let result = validate(info).map_err(|mut invalid| {
            for violation in &mut invalid.violations {
                violation.path.prepend_key("info");
                if is_list {
                    violation.path.prepend_index(index);
                    violation.path.prepend_key("members");
                } else {
                    violation.path.prepend_key("member");
                }
                content
                    .into_iter()
                    .for_each(|name| violation.path.prepend_key(name));
            }
            DecodeErrorKind::Invalid(invalid.violations)
        });
        index += 1;
        let is_valid = result.is_ok();
        if wrong.is_ok() {
            wrong = result;
        }
        is_valid
    });
    wrong
}

impl Core {
    /// Handles a notice of who is in a channel. One about a channel that is not joined, or whose members do not learn of each other, or that
    /// cannot be read, is ignored and logged.
    pub(super) fn presence(&self, head: &Head<'_>, bytes: usize) {
        let mut notice = match PresenceNotice::read(head) {
            Ok(Some(notice)) => notice,
            Ok(None) => return,
            Err(error) => return self.ignored(Role::Presence, &error),
        };
        let mut inner = self.lock();
        let Some(channel) = inner.channels.get_mut(&notice.channel) else {
            return;
        };
        let channels = self.descriptor.channels.iter();
        let descriptor = channels
            .filter(|channel| key::matches(channel.key, &notice.channel))
            .find_map(|channel| channel.presence.as_ref());
        let Some(descriptor) = descriptor else {
            drop(inner);
            return self.ignored(Role::Presence, &"its members do not learn of each other");
        };
        let content = Role::Presence.content(self.descriptor, Side::Server);
        let valid = check(&mut notice, descriptor, content);
        let key = notice.channel.clone().into_owned();
        let members = channel.members.get_or_insert_with(|| {
            let limit = usize::try_from(descriptor.members).unwrap_or(usize::MAX);
            Box::new(Members::new(limit, self.limits.outbound))
        });
        let happened = members.handle(notice);
        // The bytes of a list are not queued: only what has changed is.
        let each = bytes / happened.len().max(1);
        channel.report_members(&happened, each);
        if let Err(kind) = valid {
            let error = Box::new(DecodeError {
                tag: Some(head.tag.clone()),
                channel: Some(key),
                ..DecodeError::new(kind)
            });
            for inbox in &channel.subscribers {
                inbox.push(Entry::DecodeError(error.clone()), error.held(), false);
            }
        }
    }
}
