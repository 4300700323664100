import { type Theme, theme } from "../state/theme";
import { Icon, type IconName } from "./Icon";

const CHOICES: readonly { value: Theme; label: string; icon: IconName }[] = [
  { value: "light", label: "Light", icon: "sun" },
  { value: "dark", label: "Dark", icon: "moon" },
  { value: "system", label: "As this device", icon: "system" },
];

export function ThemeSwitch() {
  return (
    <fieldset class="segments">
      <legend class="sr-only">Appearance</legend>
      {CHOICES.map(({ value, label, icon }) => (
        <label key={value} class="segment">
          <input
            type="radio"
            name="theme"
            checked={theme.value === value}
            onChange={() => {
              theme.value = value;
            }}
          />
          <Icon name={icon} size={18} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
