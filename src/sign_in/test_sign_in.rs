//! Test sign-ins: the whole way through the identity provider and the rules, by the code of a sign-in, and nothing
//! comes of it. No session begins or ends, and nobody is asked or told anything in AWS.

use time::{Duration, OffsetDateTime};

use crate::model::{
    Departure, Identity, IdpName, InstanceName, PendingKey, PendingSignIn, PendingTest, Purpose,
    RequestOptions, TestId, TestSignIn, Tester, Trace,
};

use super::{Before, Brought, Cause, SignIn, SignInError, Start};

/// How long a link waits to be opened.
const LINK_FOR: Duration = Duration::minutes(15);

/// What is to be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestAsk {
    /// The instance that the person would go to.
    pub instance: InstanceName,
    /// Where they sign in: one that serves the instance.
    pub idp: IdpName,
    /// Whether they authenticate anew, to test with another account than the one they are signed in with there.
    pub again: bool,
}

/// A link to a test, for whoever is to take it. It is used up when it is opened.
pub struct TestLink {
    /// What the link holds: 160 random bits.
    pub token: String,
    /// Finds what became of the test.
    pub id: TestId,
    /// Until when it can be opened.
    pub open_until: OffsetDateTime,
    /// Until when an answer may come.
    pub answer_until: OffsetDateTime,
}

/// A test that came back.
#[derive(Debug)]
pub struct Tested {
    /// What it was about.
    pub test: TestSignIn,
    /// Who was asked.
    pub idp: IdpName,
    /// The identity provider's word with the reasons for the placement, or why there is none.
    pub outcome: Result<(Identity, Trace), SignInError>,
}

impl SignIn {
    /// Sends an administrator's browser to the identity provider for a test.
    ///
    /// # Errors
    /// Unknown names, metadata that is not there yet, or a store that can't remember the request.
    pub async fn start_test(&self, ask: TestAsk, browser_secret: &str) -> Result<Departure, SignInError> {
        self.leave_for_test(self.pending_test(ask, Tester::Admin)?, browser_secret).await
    }

    /// Makes a link to a test, for somebody else's browser.
    ///
    /// # Errors
    /// Unknown names, or a store that can't remember it.
    pub async fn make_test_link(&self, ask: TestAsk) -> Result<TestLink, SignInError> {
        let pending = self.pending_test(ask, Tester::Guest)?;
        let (id, token) = (pending.test.id.clone(), self.parts.random.token());
        let open_until = self.parts.clock.now() + LINK_FOR;
        self.parts.pending_tests.put(PendingKey::of_link(&token), pending, open_until).await?;
        let answer_until = open_until + self.parts.pending_for;
        Ok(TestLink { token, id, open_until, answer_until })
    }

    /// Sends the browser that opened a link to the identity provider: the link is used up, whatever follows.
    ///
    /// # Errors
    /// No such link (any more); else as [`Self::start_test`].
    pub async fn open_test_link(&self, token: &str, browser_secret: &str) -> Result<Departure, SignInError> {
        let key = PendingKey::of_link(token);
        let pending = self.parts.pending_tests.take(&key).await?.ok_or(Cause::NoTest)?;
        self.leave_for_test(pending, browser_secret).await
    }

    fn pending_test(&self, ask: TestAsk, tester: Tester) -> Result<PendingTest, SignInError> {
        let TestAsk { instance, idp, again } = ask;
        if !self.instance(&instance)?.idps.contains(&idp) {
            return Err(Cause::UnknownIdp.into());
        }
        let test = TestSignIn { id: TestId::new(self.parts.random.token()), instance, tester };
        Ok(PendingTest { test, idp, again })
    }

    async fn leave_for_test(
        &self,
        pending: PendingTest,
        browser_secret: &str,
    ) -> Result<Departure, SignInError> {
        let PendingTest { test, idp, again } = pending;
        let instance = self.instance(&test.instance)?;
        let (asked, idps) = (&instance.request, &instance.idps);
        let options =
            RequestOptions { force_authn: asked.force_authn.max(again.then_some(true)), ..asked.clone() };
        // What the browser has stays as it is: nothing goes along that an answer could end.
        let before = Before::default();
        let start = self.leave_for(Purpose::Test(test), (idps, Some(&idp)), &options, browser_secret, before);
        match start.await? {
            Start::Depart(departure) => Ok(departure),
            Start::ChooseIdp(_) => Err(Cause::UnknownIdp.into()),
        }
    }

    /// What a sign-in would come to, verified and placed as one.
    pub(super) async fn tested(&self, brought: Brought, pending: PendingSignIn, test: TestSignIn) -> Tested {
        let outcome = self.try_out(brought, &pending, &test).await;
        Tested { test, idp: pending.idp, outcome }
    }

    async fn try_out(
        &self,
        brought: Brought,
        pending: &PendingSignIn,
        test: &TestSignIn,
    ) -> Result<(Identity, Trace), SignInError> {
        let identity = self.verified(brought, pending).await?.into_identity();
        match self.place(&identity, &test.instance).await {
            Ok((_, trace)) => Ok((identity, trace)),
            Err(error) => Err(error.about(&identity)),
        }
    }
}
