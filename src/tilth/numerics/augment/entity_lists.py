"""Lists of common names and places, to be exchanged for one another within a list."""

from __future__ import annotations

__all__ = ["CITIES", "COUNTRIES", "FAMILY_NAMES", "FEMALE_NAMES", "MALE_NAMES"]

_FEMALE = """
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Margaret Ashley
Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia Dorothy Amy Kathleen
Angela Shirley Emma Brenda Pamela Nicole Anna Samantha Katherine Christine Debra Rachel Carolyn Janet Maria Olivia
Heather Helen Catherine Diane Julie Victoria Joyce Lauren Kelly Christina Ruth Joan Virginia Judith Evelyn Hannah
Andrea Megan Cheryl Jacqueline Madison Teresa Abigail Sophia Martha Sara Gloria Janice Kathryn Ann Isabella Judy
Charlotte Julia Amber Denise Danielle Marilyn Beverly Theresa Sophie Diana Alice Ingrid Fatima Aisha Priya Mei Yuki
Elena Chiara Lucia Camille Amelie Greta Astrid Zofia Leila Noor
"""
_MALE = """
James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew Anthony Steven Donald
Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Jeffrey Ryan Jacob Nicholas Gary Eric
Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Patrick Raymond Jack Dennis Jerry Tyler
Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Christian Walter Keith Austin Roger Terry
Sean Gerald Carl Dylan Harold Jordan Jesse Bryan Lawrence Arthur Gabriel Bruce Logan Albert Eugene Philip Wayne Vincent
Ralph Roy Louis Russell Hans Lars Omar Ahmed Hassan Wei Hiroshi Kenji Raj Arjun Diego Carlos Luca Marco Pierre Antoine
Pavel Igor Sven
"""
_FAMILY = """
Smith Johnson Williams Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas
Taylor Moore Jackson Martin Lee Perez Thompson Harris Sanchez Clark Ramirez Lewis Robinson Allen Scott Torres Nguyen
Flores Adams Nelson Baker Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards
Collins Reyes Stewart Morris Morales Murphy Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos
Kim Cox Richardson Watson Brooks Chavez Wood Bennett Gray Mendoza Ruiz Hughes Alvarez Castillo Sanders Patel Myers Ross
Foster Jimenez Powell Jenkins Perry Russell Sullivan Schmidt Mueller Weber Fischer Rossi Ferrari Bianchi Dubois Lefebvre
Kowalski Novak Ivanov Petrov Tanaka Suzuki Sato Chen Wang Zhang Singh Kumar Khan Ali Haddad Okafor Mensah Silva Santos
"""
_CITIES = """
London,Paris,Berlin,Madrid,Rome,Vienna,Amsterdam,Brussels,Lisbon,Dublin,Warsaw,Prague,Budapest,Athens,Stockholm,Oslo,
Copenhagen,Helsinki,Zurich,Munich,Hamburg,Milan,Barcelona,Istanbul,Moscow,Kyiv,New York,Los Angeles,Chicago,Houston,
Philadelphia,San Francisco,San Diego,Dallas,Boston,Seattle,Denver,Miami,Atlanta,Detroit,Toronto,Montreal,Vancouver,
Mexico City,Buenos Aires,Sao Paulo,Rio de Janeiro,Bogota,Cairo,Nairobi,Lagos,Johannesburg,Cape Town,Tokyo,Osaka,Seoul,
Beijing,Shanghai,Hong Kong,Singapore,Bangkok,Jakarta,Manila,Mumbai,Delhi,Bangalore,Karachi,Dubai,Tehran,Baghdad,Sydney,
Melbourne,Auckland
"""
_COUNTRIES = """
France,Germany,Spain,Italy,Portugal,Ireland,Austria,Switzerland,Belgium,Poland,Hungary,Greece,Romania,Bulgaria,Sweden,
Norway,Denmark,Finland,Iceland,Ukraine,Russia,Canada,Mexico,Brazil,Argentina,Colombia,Peru,Venezuela,Cuba,Egypt,Morocco,
Kenya,Nigeria,Ghana,Ethiopia,Tanzania,South Africa,Japan,South Korea,India,Pakistan,Bangladesh,Thailand,Vietnam,
Indonesia,Malaysia,Australia,New Zealand,Israel,Saudi Arabia,Iran,Iraq,Afghanistan,Nepal,Sri Lanka
"""

FEMALE_NAMES = tuple(_FEMALE.split())
MALE_NAMES = tuple(_MALE.split())
FAMILY_NAMES = tuple(_FAMILY.split())
CITIES = tuple(_CITIES.replace("\n", "").split(","))
COUNTRIES = tuple(_COUNTRIES.replace("\n", "").split(","))
