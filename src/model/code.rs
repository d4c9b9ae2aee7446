//! Every stable error code, with who must act and the words a browser may see.
//!
//! A code never changes its meaning. `docs/errors.md` lists them all; a test keeps the two equal.

use super::Blame;

/// A stable error code and its page.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable identifier, `room.cause`.
    pub id: &'static str,
    /// Who must act.
    pub blame: Blame,
    /// The page's heading: what happened, in the person's words.
    pub title: &'static str,
    /// The page's advice: what to do next, and who does it.
    pub advice: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $blame:ident, $title:literal, $advice:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code { id: $id, blame: Blame::$blame, title: $title, advice: $advice };)*
        /// All of them, in this order.
        pub const ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // -- starting and finishing a sign-in --
    /// The browser did not start this sign-in, or it was finished before, or took too long.
    SIGN_IN_NOT_PENDING = "sign_in.not_pending", Person, "This sign-in can't be finished here",
        "It was finished already, took too long, or was started in another browser. Start again from your bookmark.";
    /// An answer that no request asked for, where its identity provider may not begin a sign-in.
    SIGN_IN_UNSOLICITED = "sign_in.unsolicited", Person, "A sign-in has to start here",
        "Start from your bookmark, not from your company's list of apps. If you did, tell your support the code and the support id below.";
    /// Answers that no request asked for keep coming, where a request of ours should be answered.
    SIGN_IN_RESTARTED = "sign_in.restarted", IdpOwner, "Your sign-in service does not answer this gateway",
        "The identity provider's team must make it answer this gateway's requests: with InResponseTo and with the RelayState it was sent.";
    /// The pre-login cookie is missing.
    SIGN_IN_NO_COOKIE = "sign_in.no_cookie", Person, "Your browser did not send our cookie",
        "Allow cookies for this site, use one browser window for the whole sign-in, and start again from your bookmark.";
    /// A sign-in was completed a moment ago and left no usable session: going round again would not end.
    SIGN_IN_NOT_KEPT = "sign_in.not_kept", Person, "Your browser did not keep your sign-in",
        "Allow cookies for this site and start again. If it happens again, tell your support the code and the support id below.";
    /// `/go/<instance>` names no configured instance.
    SIGN_IN_UNKNOWN_INSTANCE = "sign_in.unknown_instance", Person, "There is no such contact centre here",
        "Check the address of your bookmark, or choose from the start page.";
    /// `/go/<instance>/<destination>` names no configured destination.
    SIGN_IN_UNKNOWN_DESTINATION = "sign_in.unknown_destination", Person, "There is no such page in this contact centre",
        "Check the address of your bookmark, or choose from the start page.";
    /// `idp=` names no identity provider that may be used for this instance.
    SIGN_IN_UNKNOWN_IDP = "sign_in.unknown_idp", Person, "That sign-in method is not offered here",
        "Go to the start page and choose one of the methods it lists.";
    /// A link to a test sign-in that was used, or is too old.
    SIGN_IN_NO_TEST = "sign_in.no_test", Person, "This link leads to no test any more",
        "It was used already, or nobody opened it in time. Ask whoever sent it for a new one.";
    /// The console was opened by somebody whom `[admin]` does not name.
    ADMIN_NOT_NAMED = "admin.not_named", Admin, "The console is for its administrators only",
        "You are signed in, but not as one of them. Whoever runs this gateway says in its configuration who is.";
    /// The console computes for somebody else.
    ADMIN_BUSY = "admin.busy", Wait, "The console is busy",
        "It works out one preview at a time, so that sign-ins go first. Try again in a moment.";
    /// Rules were to be published by somebody whom `[admin.publishers]` does not name.
    ADMIN_NOT_PUBLISHER = "admin.not_publisher", Admin, "Publishing rules is for a few administrators only",
        "You may try rules and download a draft. Whoever runs this gateway says in its configuration who may publish.";
    /// Published rules could not be written: the old ones stay in force.
    ADMIN_NOT_WRITTEN = "admin.not_written", Admin, "The gateway can't write the file of the rules",
        "Nothing has changed, and your draft is below: download it. Whoever runs this gateway must let it write the file's folder.";
    /// The path names nothing.
    WEB_NOT_FOUND = "web.not_found", Person, "There is nothing at this address",
        "Check the address of your bookmark, or go to the start page.";
    /// The method is not allowed at this path.
    WEB_METHOD_NOT_ALLOWED = "web.method_not_allowed", Person, "This address does not work that way",
        "Start again from your bookmark.";
    /// The request is not what the form would send.
    WEB_BAD_REQUEST = "web.bad_request", Person, "Your browser sent something we can't read",
        "Start again from your bookmark. If it happens again, tell your support the code and the support id below.";
    /// The request's body is too large.
    WEB_TOO_LARGE = "web.too_large", IdpOwner, "The answer of your sign-in service is too large",
        "Tell your support the code and the support id below. The identity provider sends more than this gateway reads.";
    /// More requests than one address, or one identity provider, may send.
    WEB_TOO_MANY_REQUESTS = "web.too_many_requests", Wait, "Too many people are coming in at once",
        "Too many requests come from your network at the moment. Wait a few seconds and try again; nothing is wrong with your account.";
    /// A bug of ours.
    GATEWAY_INTERNAL = "gateway.internal", Gateway, "Something went wrong on our side",
        "Try again in a minute. If it happens again, tell your support the code and the support id below.";
    /// Our clock is so wrong that AWS takes no signature of ours.
    GATEWAY_CLOCK = "gateway.clock", Gateway, "Something is wrong on our side",
        "The gateway's operator must set the clock of the gateway's machine.";
    /// Shared state could not be reached.
    GATEWAY_STATE_UNAVAILABLE = "gateway.state_unavailable", Gateway, "Sign-in is not available at the moment",
        "Try again in a minute. Nothing is wrong with your account.";
    /// Shared state takes nothing more.
    GATEWAY_STATE_FULL = "gateway.state_full", Gateway, "Sign-in is not available at the moment",
        "Nothing is wrong with your account. The gateway's operator must give the store of its shared state more memory.";

    // -- SAML --
    /// Not base64, not UTF-8, not XML, or not shaped like a SAML response.
    SAML_MALFORMED = "saml.malformed", IdpOwner, "Your sign-in service sent something we can't read",
        "Start again from your bookmark. If it happens again, the identity provider's team must look at the code below.";
    /// The message has a shape that SAML allows but a careful service provider refuses, or that attackers use.
    SAML_FORBIDDEN_SHAPE = "saml.forbidden_shape", IdpOwner, "Your sign-in service's answer was refused",
        "The answer has a form that is not safe to accept. The identity provider's team must look at the code below.";
    /// Nothing that covers the assertion is signed.
    SAML_UNSIGNED = "saml.unsigned", IdpOwner, "Your sign-in service's answer is not signed",
        "The identity provider's team must switch on signing of the assertion or the response.";
    /// The algorithm of a signature, digest or encryption is not on the allow-list.
    SAML_ALGORITHM = "saml.algorithm", IdpOwner, "Your sign-in service uses an outdated algorithm",
        "The identity provider's team must sign with RSA or ECDSA and SHA-256 or better, and encrypt with AES-GCM and RSA-OAEP.";
    /// The signature does not verify with the keys in that identity provider's metadata.
    SAML_SIGNATURE = "saml.signature", IdpOwner, "Your sign-in service's signature does not match",
        "The identity provider may have changed its key: its administrator and ours must compare the metadata.";
    /// The two verification engines do not agree. Refused, and an alarm for the operator.
    SAML_ENGINES_DISAGREE = "saml.engines_disagree", Gateway, "Your sign-in service's answer was refused",
        "Tell your support the code and the support id below: the gateway's operator must look at it.";
    /// The assertion is encrypted and this gateway has no key for it.
    SAML_ENCRYPTED = "saml.encrypted", IdpOwner, "Your sign-in service's answer is encrypted",
        "The identity provider's team must switch off encryption for this service, or the gateway's administrator must set a decryption key.";
    /// An encrypted part can't be decrypted with any of our keys.
    SAML_DECRYPTION = "saml.decryption", IdpOwner, "Your sign-in service's answer can't be decrypted",
        "The identity provider's team must encrypt for the certificate that this gateway's metadata has now.";
    /// `Destination` is not our ACS.
    SAML_DESTINATION = "saml.destination", IdpOwner, "Your sign-in service's answer is addressed elsewhere",
        "The identity provider's team must set the assertion consumer service URL from this gateway's metadata.";
    /// `Issuer` is not the identity provider that was asked.
    SAML_ISSUER = "saml.issuer", IdpOwner, "The answer came from another sign-in service",
        "Start again from your bookmark. If it happens again, the entity id in the identity provider's metadata must be compared.";
    /// `Status` is not Success: the identity provider refused.
    SAML_STATUS = "saml.status", IdpOwner, "Your sign-in service did not sign you in",
        "Try again. If it happens again, ask the identity provider's team whether you may use this service.";
    /// `InResponseTo` is missing or names another request.
    SAML_IN_RESPONSE_TO = "saml.in_response_to", Person, "This answer belongs to another sign-in",
        "Start again from your bookmark, in one browser window.";
    /// No usable bearer `SubjectConfirmation`.
    SAML_SUBJECT_CONFIRMATION = "saml.subject_confirmation", IdpOwner, "Your sign-in service's answer is incomplete",
        "The identity provider's team must send a bearer confirmation with this gateway's ACS URL as recipient.";
    /// `Conditions` are missing, contradictory or contain something unknown.
    SAML_CONDITIONS = "saml.conditions", IdpOwner, "Your sign-in service's answer has conditions we can't meet",
        "The identity provider's team must look at the code below.";
    /// An `AudienceRestriction` does not name us.
    SAML_AUDIENCE = "saml.audience", IdpOwner, "Your sign-in service's answer is meant for another service",
        "The identity provider's team must set the audience to this gateway's entity id.";
    /// A time in the message is over or not yet reached, beyond the allowed skew.
    SAML_EXPIRED = "saml.expired", IdpOwner, "Your sign-in took too long, or a clock is wrong",
        "Start again from your bookmark. If it happens again, the clocks of the identity provider and of this gateway must be compared.";
    /// The assertion is valid for too long, or has no end.
    SAML_LIFETIME = "saml.lifetime", IdpOwner, "Your sign-in service's answer is valid for too long",
        "The identity provider's team must shorten the assertion's lifetime.";
    /// No usable `AuthnStatement`, or an authentication that is too old for a forced one.
    SAML_AUTHN_STATEMENT = "saml.authn_statement", IdpOwner, "Your sign-in service did not say when you signed in",
        "Start again from your bookmark. If it happens again, the identity provider's team must look at the code below.";
    /// The person was not authenticated in a way that was requested.
    SAML_AUTHN_CONTEXT = "saml.authn_context", IdpOwner, "You must sign in in a stronger way",
        "Start again and use your second factor. If you were not asked for one, the identity provider's team must look at the code below.";
    /// The request was passive, and the person is not signed in at the identity provider.
    SAML_NO_PASSIVE = "saml.no_passive", Person, "You are not signed in at your company yet",
        "Sign in where you usually do, at your computer or in your company's portal. Then start again from your bookmark.";
    /// `NameID` is missing or has another format than was requested, or the identity provider does not know that format.
    SAML_NAME_ID = "saml.name_id", IdpOwner, "Your sign-in service does not name you as agreed",
        "The identity provider's team must send the name identifier in the format that the gateway asks for.";
    /// The assertion was used before.
    SAML_REPLAY = "saml.replay", Person, "This sign-in was used already",
        "Start again from your bookmark.";
    /// The assertion may have been used before: the gateway's memory does not go back so far.
    SAML_NOT_REMEMBERED = "saml.not_remembered", Person, "This sign-in can't be taken just now",
        "Start from your bookmark, or open the contact centre from your company's list of apps once more in a minute or two.";
    /// The identity provider keeps no answer for the artifact, or the artifact is not its own.
    SAML_ARTIFACT = "saml.artifact", IdpOwner, "Your sign-in service did not deliver its answer",
        "Start again from your bookmark. If it happens again, the identity provider's team must check its artifact resolution service.";
    /// The identity provider's artifact resolution service can't be reached, or takes too long.
    SAML_BACK_CHANNEL = "saml.back_channel", IdpOwner, "Your sign-in service does not answer at the moment",
        "Try again in a minute. If it happens again, the identity provider's team must check its artifact resolution service.";
    /// The identity provider's metadata could not be read yet.
    SAML_METADATA = "saml.metadata", Admin, "Your sign-in service is not set up here yet",
        "Try again in a minute. If it happens again, the gateway's administrator must check the identity provider's metadata.";
    /// More sign-ins wait for a core than we let wait.
    SAML_BUSY = "saml.busy", Wait, "Very many people are signing in right now",
        "This sign-in was not finished. Wait a few seconds, then start again from your bookmark.";

    // -- single logout --
    /// The identity provider answers a logout that this browser did not start, or that was answered before.
    SAML_LOGOUT_NOT_PENDING = "saml.logout_not_pending", Person, "This browser has no sign-out under way",
        "It was finished already, took too long, or was started in another browser. To be sure, open /sign-out on this site.";
    /// A logout message is not signed.
    SAML_LOGOUT_UNSIGNED = "saml.logout_unsigned", IdpOwner, "The sign-out is not signed",
        "The identity provider's team must switch on signing of logout requests and responses.";
    /// `Destination` of a logout message is not our single logout service.
    SAML_LOGOUT_DESTINATION = "saml.logout_destination", IdpOwner, "The sign-out is addressed elsewhere",
        "The identity provider's team must set the single logout service URL from this gateway's metadata.";
    /// A time in a logout message is over or not yet reached, beyond the allowed skew.
    SAML_LOGOUT_EXPIRED = "saml.logout_expired", IdpOwner, "The sign-out took too long, or a clock is wrong",
        "Sign out again. If it happens again, the clocks of the identity provider and of this gateway must be compared.";
    /// The logout request was used before.
    SAML_LOGOUT_REPLAY = "saml.logout_replay", Person, "This sign-out was done already",
        "There is nothing more to do here. To be sure, open /sign-out on this site.";
    /// Something may live on: sessions elsewhere, or applications that the identity provider could not reach.
    SAML_LOGOUT_PARTIAL = "saml.logout_partial", Person, "Something may still be signed in",
        "Close every browser window that was used for Amazon Connect or another company application.";
    /// The identity provider could not end its session.
    SAML_LOGOUT_FAILED = "saml.logout_failed", IdpOwner, "Your company's sign-in service did not sign you out",
        "Close the browser to end that session. If it happens again, the identity provider's team must look at it.";

    // -- mapping --
    /// A rule says no.
    MAPPING_DENIED = "mapping.denied", Admin, "You may not use this contact centre",
        "If you think that is wrong, ask your contact-centre administrator.";
    /// No rule hit, and the configuration denies that.
    MAPPING_NO_MATCH = "mapping.no_match", Admin, "You have no place in this contact centre yet",
        "Ask your contact-centre administrator to add you to a contact-centre group.";
    /// The groups attribute is missing: never read as "no groups".
    MAPPING_NO_GROUPS = "mapping.no_groups", IdpOwner, "Your sign-in service did not send your groups",
        "The identity provider's team must send the groups attribute to this gateway.";
    /// The identity provider sent a link instead of the groups (too many of them).
    MAPPING_GROUPS_OVERAGE = "mapping.groups_overage", IdpOwner, "You are in more groups than your sign-in service sends",
        "The identity provider's team must limit the groups it sends to those assigned to this application.";
    /// A field that is needed has no value.
    MAPPING_MISSING_ATTRIBUTE = "mapping.missing_attribute", IdpOwner, "Your sign-in service did not send everything we need",
        "The identity provider's team must send the attributes that the gateway's administrator has listed.";
    /// A field's value can't be used in Connect.
    MAPPING_BAD_VALUE = "mapping.bad_value", Admin, "Your account has a value that Amazon Connect does not take",
        "Your contact-centre administrator must look at the code and the support id below.";
    /// A rule's expression can't be computed for this person: what the rule decides is unknown.
    MAPPING_RULE_FAILED = "mapping.rule_failed", Admin, "A rule of this contact centre can't be applied to you",
        "Your contact-centre administrator must look at the code and the support id below.";
    /// A `[[mapping.check]]` does not hold for this person.
    MAPPING_CHECK_FAILED = "mapping.check_failed", Admin, "Your place in this contact centre is not clear",
        "Your contact-centre administrator must look at the code and the support id below.";
    /// More groups than expressions may go through.
    MAPPING_TOO_MANY_GROUPS = "mapping.too_many_groups", IdpOwner, "You are in more groups than this gateway looks at",
        "The identity provider's team must limit the groups it sends to those of the contact centre.";
    /// More values or text in attributes than expressions may go through.
    MAPPING_TOO_MANY_VALUES = "mapping.too_many_values", IdpOwner, "Your sign-in service sent more than this gateway looks at",
        "The identity provider's team must limit the attributes it sends to those that the contact centre needs.";

    // -- Connect --
    /// The user name may never be federated.
    CONNECT_PROTECTED_USER = "connect.protected_user", Admin, "This account can't sign in through the gateway",
        "Protected accounts sign in another way. Ask your contact-centre administrator.";
    /// The user holds, or the rules would grant, a protected security profile.
    CONNECT_PROTECTED_PROFILE = "connect.protected_profile", Admin, "This account can't sign in through the gateway",
        "The account has a security profile that the gateway never signs in. Ask your contact-centre administrator.";
    /// The user is parked: holds, or would be granted, the security profile of people who left.
    CONNECT_PARKED = "connect.parked", Admin, "Your Amazon Connect user has been put aside",
        "It was put aside as one of somebody who left. If that is a mistake, your contact-centre administrator can bring it back.";
    /// The user does not exist and provisioning is off.
    CONNECT_NO_USER = "connect.no_user", Admin, "You have no Amazon Connect user yet",
        "Ask your contact-centre administrator to create it, or to let the gateway do so.";
    /// Several users differ from the wanted name in case only.
    CONNECT_AMBIGUOUS_USER = "connect.ambiguous_user", Admin, "There are several Amazon Connect users with your name",
        "Your contact-centre administrator must remove all but one of the users whose names differ only in capital letters.";
    /// The rules don't set everything that creating a user needs.
    CONNECT_INCOMPLETE = "connect.incomplete", Admin, "Your Amazon Connect user can't be created yet",
        "The rules must set a routing profile, at least one security profile, and a first and last name for you.";
    /// A name in the rules does not exist in the instance.
    CONNECT_UNKNOWN_NAME = "connect.unknown_name", Admin, "Your place in the contact centre does not exist",
        "The rules name a profile, hierarchy group or proficiency that is not in the instance: the administrator must correct one of them.";
    /// A rule's hierarchy path is deeper than the instance has levels, and the gateway creates groups, never levels.
    CONNECT_NO_LEVEL = "connect.no_level", Admin, "Your place in the contact centre does not exist",
        "The rules name a hierarchy group deeper than the instance has levels: the administrator must add the level or shorten the path.";
    /// The instance's quota of hierarchy groups is full.
    CONNECT_GROUP_QUOTA = "connect.group_quota", Admin, "Your place in the contact centre can't be created",
        "The instance's quota of hierarchy groups is used up. The administrator must ask AWS for more or remove groups.";
    /// The instance's user quota is full.
    CONNECT_QUOTA = "connect.quota", Admin, "The contact centre is full",
        "Its quota of users is used up. The administrator must ask AWS for more or remove users.";
    /// Connect refused a value or a state.
    CONNECT_REFUSED = "connect.refused", Admin, "Amazon Connect refused your user's settings",
        "Your contact-centre administrator must look at the code and the support id below.";
    /// Our AWS identity lacks a permission.
    CONNECT_ACCESS_DENIED = "connect.access_denied", Admin, "The gateway may not do this in Amazon Connect",
        "The gateway's administrator must add the missing permission: the audit log names it.";
    /// STS does not let the gateway assume the provisioning role.
    CONNECT_PROVISIONING_ROLE = "connect.provisioning_role", Admin, "The gateway may not manage this contact centre's users",
        "The gateway's administrator must check the provisioning role's trust policy and external id.";
    /// AWS says that this instance can't be entered as it is configured.
    CONNECT_INSTANCE_UNUSABLE = "connect.instance_unusable", Admin, "This contact centre is not set up for this sign-in",
        "The gateway's administrator must compare its configuration with the instance in AWS: the gateway's log says what differs.";
    /// The configured instance does not exist, or is not in that account and Region.
    CONNECT_NO_INSTANCE = "connect.no_instance", Admin, "This contact centre can't be found in AWS",
        "The gateway's administrator must check the instance's ARN.";
    /// Connect did not answer, or answered with a fault of its own.
    CONNECT_UNAVAILABLE = "connect.unavailable", Aws, "Amazon Connect does not answer at the moment",
        "Try again in a minute. Nothing is wrong with your account.";

    // -- federation --
    /// STS does not let the gateway assume the federation role: the role's trust policy, or the gateway's own permission.
    FEDERATION_ROLE = "federation.role", Admin, "The gateway may not sign you in to Amazon Connect",
        "The gateway's administrator must check the federation role's trust policy: the audit log says what was refused.";
    /// The federation role may not ask for tokens of the instance.
    FEDERATION_PERMISSION = "federation.permission", Admin, "The gateway's role may not sign you in to Amazon Connect",
        "The gateway's administrator must give the federation role connect:GetFederationToken at this instance.";
    /// AWS can't take, or does not take, the identity provider's answer.
    FEDERATION_ASSERTION = "federation.assertion", IdpOwner, "Your sign-in service's answer is of no use to AWS",
        "The identity provider's team must issue its answers for AWS as well: the audit log says what is missing.";
    /// The identity provider's answer, or AWS's, is for another user than the rules put in place.
    FEDERATION_SESSION_NAME = "federation.session_name", IdpOwner, "Your sign-in service names another Amazon Connect user",
        "The identity provider's team must send the Connect user name, letter for letter, as RoleSessionName.";
    /// The answer that was just brought can't be shown to AWS any more.
    FEDERATION_ANSWER_NEEDED = "federation.answer_needed", Person, "Your sign-in can't be used at AWS any more",
        "Start again from your bookmark. If it happens again, tell your support the code and the support id below.";
    /// The user is bound to another role.
    FEDERATION_ROLE_BINDING = "federation.role_binding", Admin, "Your Amazon Connect user belongs to another sign-in",
        "It was federated through another IAM role before. The administrator must use that role for the gateway.";
    /// Connect knows no user by that name.
    FEDERATION_NO_USER = "federation.no_user", Admin, "Amazon Connect does not know your user",
        "Try again in a minute. If it happens again, your contact-centre administrator must look at it.";
    /// The instance is not one that takes federation.
    FEDERATION_REFUSED = "federation.refused", Admin, "Amazon Connect refused the sign-in",
        "The gateway's administrator must check that the instance uses SAML for identity management.";
    /// `SignInUrl` points outside the configured instance.
    FEDERATION_SIGN_IN_URL = "federation.sign_in_url", Admin, "Amazon Connect named an unexpected address",
        "The gateway's administrator must compare the instance's access URL with the configuration.";
    /// AWS does not accept the gateway's own credentials.
    FEDERATION_CREDENTIALS = "federation.credentials", Admin, "The gateway has no valid AWS credentials",
        "The gateway's administrator must check its AWS identity: AWS does not know the key, or not the signature.";
    /// No credentials of the gateway's own are to be had.
    FEDERATION_NO_CREDENTIALS = "federation.no_credentials", Admin, "The gateway has no AWS credentials",
        "The gateway's administrator must give it an AWS identity, or look why the one it has can't be fetched.";
    /// The gateway's own credentials are expired.
    FEDERATION_EXPIRED_CREDENTIALS = "federation.expired_credentials", Admin, "The gateway's AWS credentials are expired",
        "The gateway's administrator must renew them, and give the gateway an AWS identity that renews itself.";
    /// STS or the federation endpoint did not answer.
    FEDERATION_UNAVAILABLE = "federation.unavailable", Aws, "AWS does not answer at the moment",
        "Try again in a minute. Nothing is wrong with your account.";

    // -- waiting --
    /// The call budget is used up: the page resumes by itself.
    BUSY = "busy", Wait, "Many people are signing in right now",
        "You keep your sign-in. This page goes on by itself as soon as it is your turn.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, Blame};

    #[test]
    fn no_two_codes_share_an_id() {
        let ids: BTreeSet<_> = ALL.iter().map(|code| code.id).collect();
        assert_eq!(ids.len(), ALL.len());
    }

    /// Who acts, as `docs/errors.md` says it.
    fn who(blame: Blame) -> &'static str {
        match blame {
            Blame::Person => "the person",
            Blame::Admin => "your administrator",
            Blame::IdpOwner => "the identity provider's team",
            Blame::Aws => "AWS",
            Blame::Wait => "nobody: it passes",
            Blame::Gateway => "the gateway's operator",
        }
    }

    #[test]
    fn the_documentation_lists_every_code_with_who_acts_and_its_advice_and_no_other_code() {
        let page = include_str!("../../docs/errors.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        for code in ALL {
            let start = format!("| `{}` | {} | ", code.id, who(code.blame));
            let end = format!(" | {} |", code.advice);
            let found = rows.iter().any(|row| row.starts_with(&start) && row.ends_with(&end));
            assert!(found, "docs/errors.md needs the row: {start}…{end}");
        }
        assert_eq!(rows.len(), ALL.len(), "docs/errors.md has a row for a code that does not exist");
    }
}
