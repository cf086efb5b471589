"""What ships to begin with: words in both languages, journeys, and the plays of warnings."""

from campaigns.recipes.journeys import JOURNEYS as JOURNEYS
from campaigns.recipes.journeys import LIST as LIST
from campaigns.recipes.parts import CHANNELS as CHANNELS
from campaigns.recipes.parts import EMAIL as EMAIL
from campaigns.recipes.parts import INTERACTED as INTERACTED
from campaigns.recipes.parts import LINK as LINK
from campaigns.recipes.parts import LOGIN as LOGIN
from campaigns.recipes.parts import SMS as SMS
from campaigns.recipes.parts import Gift as Gift
from campaigns.recipes.parts import Journey as Journey
from campaigns.recipes.parts import Recipe as Recipe
from campaigns.recipes.parts import Words as Words
from campaigns.recipes.warnings import WARNINGS as WARNINGS
