"""The search attributes of our workflows; no personal data in any of them."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

CAMPAIGN_ID = SearchAttributeKey.for_keyword("CampaignId")
AREA = SearchAttributeKey.for_keyword("Area")
RULE_DIGEST = SearchAttributeKey.for_keyword("RuleDigest")
UNIT_ID = SearchAttributeKey.for_keyword("UnitId")
STAGE = SearchAttributeKey.for_keyword("Stage")
ROUND = SearchAttributeKey.for_keyword("Round")
SEARCH_ATTRIBUTES = (CAMPAIGN_ID, AREA, RULE_DIGEST, UNIT_ID, STAGE, ROUND)
