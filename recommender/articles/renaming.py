"""Stories of an article that came back under another key: a digest's are made from their titles, so
a title that its source corrects makes another key. What was said and sent of the story stays with
it when its text shows that it is the same one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from recommender.articles.values import StoryDraft
from recommender.story_text import LISTS, PROSE


@dataclass(frozen=True, slots=True)
class KnownStory:
    """A story as the store has it: its own address, and all that it says but its title."""

    url: str
    text: str


def text_of(story: object) -> str:
    """All that a story says but its title, to be compared."""
    parts = [getattr(story, name) for name in PROSE]
    parts += [point for name in LISTS for point in getattr(story, name)]
    return "\n".join(part for part in parts if part)


def renamed(
    gone: Mapping[str, KnownStory], new: Collection[StoryDraft]
) -> Iterator[tuple[str, str]]:
    """Pairs of a key that is gone and the new key of the same story: the only two that share all
    they say, else their address."""
    drafts = {draft.key: KnownStory(draft.url or "", text_of(draft)) for draft in new}
    for name in ("text", "url"):
        before, after = _only(gone, name), _only(drafts, name)
        for value in sorted(before.keys() & after.keys()):
            yield before[value], after[value]
            gone = {key: one for key, one in gone.items() if key != before[value]}
            drafts = {key: one for key, one in drafts.items() if key != after[value]}


def _only(stories: Mapping[str, KnownStory], name: str) -> dict[str, str]:
    """The key of the only story with a value, by the value; nothing for an empty one."""
    found: dict[str, list[str]] = {}
    for key, story in stories.items():
        found.setdefault(getattr(story, name), []).append(key)
    return {value: keys[0] for value, keys in found.items() if value and len(keys) == 1}
